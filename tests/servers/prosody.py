"""An XMPP server with rooms (Prosody, the real program)."""

import asyncio

from .base import Server


class Prosody(Server):
    """Takes clients at ``127.0.0.1:port``; accounts publisher and reader at example.test."""

    script = "prosody"

    port = property(lambda self: int(self.facts["PORT"]))

    def says(self, room: str) -> list[str]:
        """What somebody else sees in a room, corrected and taken back, oldest first."""
        return asyncio.run(self._says(room))

    async def _says(self, room: str) -> list[str]:
        import slixmpp

        client = slixmpp.ClientXMPP("reader@example.test", "reader-password")
        client.enable_direct_tls = client.enable_starttls = False
        client.enable_plaintext = True
        for plugin in ("xep_0045", "xep_0308", "xep_0313", "xep_0424"):
            client.register_plugin(plugin)
        client.plugin["feature_mechanisms"].unencrypted_scram = True
        ready = asyncio.Event()
        client.add_event_handler("session_start", lambda _: ready.set())
        client.connect("127.0.0.1", self.port)
        await asyncio.wait_for(ready.wait(), 10)
        client.send_presence()
        await client.plugin["xep_0045"].join_muc_wait(room, "reader", maxstanzas=0, timeout=10)
        texts: dict[str, str] = {}  # by the id of the first sending
        archived: dict[str, str] = {}  # the room's number for it → that id
        async for one in client.plugin["xep_0313"].iterate(jid=room):
            message = one["mam_result"]["forwarded"]["stanza"]
            if message.get_plugin("retract", check=True):
                texts.pop(archived.get(message["retract"]["id"], ""), None)
            elif message["replace"]["id"]:
                texts[message["replace"]["id"]] = message["body"]
            elif message["body"]:
                # A second one under the same id would be a second post.
                name = message["id"] + "'" * (message["id"] in texts)
                texts[name] = message["body"]
                archived[one["mam_result"]["id"]] = name
        await client.disconnect(wait=1.0)
        return list(texts.values())
