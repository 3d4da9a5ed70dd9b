"""An XMPP room (XEP-0045), such as an in-house chat on Prosody, ejabberd or Openfire.

Sources: RFC 6120 (stanzas, errors), XEP-0045 (rooms: a message is there when the room has sent it
back to us), XEP-0308 (corrections), XEP-0313 (the archive), XEP-0424 (retractions); tried against
Prosody 0.12. The protocol is slixmpp's: `pip install rolecast[xmpp]`.

A room shows a message twice that is sent twice, but keeps an archive, in which ours is found by its
id, which is our key. Each operation is a conversation of its own, as nobody listens in between.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from pydantic import Field, SecretStr

from rolecast.connector import (
    Connector,
    ConnectorError,
    Gone,
    Guarantee,
    Http,
    OutcomeUnknown,
    Receipt,
    Refused,
    Seen,
    Unauthorised,
    Unavailable,
)
from rolecast.post import Post

if TYPE_CHECKING:
    from slixmpp import ClientXMPP, Message

T = TypeVar("T")
CONNECT, ANSWER = 10.0, 20.0  # seconds
RETRACT = "{urn:xmpp:message-retract:1}retract"
ARCHIVE = "urn:xmpp:mam:2"
FALLBACK = "This advert has been taken back."  # for programs that know no retractions


@dataclass(frozen=True)
class Said:
    """One message of ours in the archive, as it stands there after corrections."""

    id: str  # as we chose it
    archived: str  # as the room calls it
    body: str


class Xmpp(Connector):
    """Posts to one room, under one nickname."""

    name: ClassVar[str] = "xmpp"
    label: ClassVar[str] = "XMPP"
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    settle: ClassVar[float] = 30.0
    voice: ClassVar[str] = "chat"

    jid: str = Field(description="The account that posts: careers@example.com.")
    room: str = Field(description="The room's address: jobs@rooms.example.com.")
    nick: str = Field("careers", description="The account's name in the room.")
    host: str = Field("", description="The server, where DNS does not say it.")
    port: int = Field(5222, description="Its port; only used with `host`.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is protected; none only on one machine."
    )
    password: SecretStr | None = Field(
        None,
        description="Password of the account.",
        json_schema_extra={
            "how": "Have whoever runs the server make an account, and let it into the room. The "
            "room must keep an archive (in its settings, or `muc_log_by_default` on Prosody)."
        },
    )

    def publish(self, http: Http, post: Post) -> Receipt:
        self._talk(lambda room: room.say(post.key, post.text))
        return self._receipt(post)

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        async def correct(room: _Room) -> None:
            said = await room.said(receipt.id, _since(receipt))
            if said is None:
                raise Gone("the message is not in the room's archive any more")
            if said.body != post.text:
                await room.say(f"{post.key}-{secrets.token_hex(4)}", post.text, replaces=said.id)

        self._talk(correct)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        async def retract(room: _Room) -> None:
            said = await room.said(receipt.id, _since(receipt))
            if said is not None:
                await room.say(f"gone-{secrets.token_hex(8)}", FALLBACK, retracts=said.archived)

        self._talk(retract)

    def find(self, http: Http, post: Post) -> Receipt | None:
        said = self._talk(lambda room: room.said(post.key, post.since))
        return self._receipt(post) if said else None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        said = self._talk(lambda room: room.said(receipt.id, _since(receipt)))
        return Seen(says=said.body, address=receipt.address) if said else None

    def whoami(self, http: Http) -> str:
        async def ask(room: _Room) -> str:
            told = await room.client.plugin["xep_0030"].get_info(jid=self.room, timeout=ANSWER)
            if ARCHIVE not in told["disco_info"]["features"]:
                raise Unauthorised(
                    f"the room {self.room} keeps no archive, so a lost answer could not be looked "
                    "up: let it keep one"
                )
            return f"{self.jid} as {self.nick} in {self.room}"

        return self._talk(ask)

    def _receipt(self, post: Post) -> Receipt:
        address = f"xmpp:{self.room}?join"
        return Receipt(id=post.key, address=address, extra={"since": post.since.isoformat()})

    def _talk(self, about: Callable[[_Room], Awaitable[T]]) -> T:
        """One conversation in the room. Raises ConnectorError."""
        if self.password is None:
            raise Unauthorised("there is no password for XMPP")
        try:
            import slixmpp  # noqa: F401
        except ImportError as error:
            raise Unauthorised("XMPP needs one more package: install rolecast[xmpp]") from error

        async def conversation() -> T:
            async with self._room() as room:
                return await about(room)

        return asyncio.run(conversation())

    @asynccontextmanager
    async def _room(self) -> AsyncIterator[_Room]:
        """Signed in and in the room; nothing has been said before."""
        client = self._client()
        try:
            await _signed_in(client, self.host, self.port)
            await _joined(client, self.room, self.nick)
            yield _Room(client, self.room, self.nick)
        finally:
            await _over(client)

    def _client(self) -> ClientXMPP:
        from slixmpp import ClientXMPP

        password = self.password.get_secret_value() if self.password else ""
        # A resource of our own: another worker may be in the room as the same account.
        client = ClientXMPP(f"{self.jid}/rolecast-{secrets.token_hex(4)}", password)
        client.enable_direct_tls = self.security == "tls"
        client.enable_starttls = self.security == "starttls"
        client.enable_plaintext = self.security == "none"
        for plugin in ("xep_0030", "xep_0045", "xep_0308", "xep_0313"):
            client.register_plugin(plugin)
        client.plugin["feature_mechanisms"].unencrypted_scram = self.security == "none"
        return client


class _Room:
    """What one can do in a room."""

    def __init__(self, client: ClientXMPP, room: str, nick: str):
        self.client, self.room, self.nick = client, room, nick

    async def say(
        self, id_: str, text: str, *, replaces: str | None = None, retracts: str | None = None
    ) -> None:
        """Send a message and wait until the room has sent it back."""
        from slixmpp.xmlstream import ET

        message = self.client.make_message(self.room, text, mtype="groupchat")
        message["id"] = id_
        if replaces:
            message["replace"]["id"] = replaces
        if retracts:
            message.append(ET.Element(RETRACT, {"id": retracts}))
        back: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

        def settle(answer: Message) -> None:
            if answer["id"] == id_ and not back.done():
                back.set_result(answer)

        def cut(_: Any) -> None:
            if not back.done():
                back.set_exception(OutcomeUnknown("the connection to the room broke off"))

        for event, handler in (
            ("groupchat_message", settle),
            ("groupchat_message_error", settle),
            ("message_error", settle),
            ("disconnected", cut),
        ):
            self.client.add_event_handler(event, handler)
        message.send()
        try:
            answer = await asyncio.wait_for(back, ANSWER)
        except TimeoutError as error:
            raise OutcomeUnknown("the room did not send the message back") from error
        if answer["type"] == "error":
            raise _error(answer["error"])

    async def said(self, id_: str, since: datetime) -> Said | None:
        """Our message `id_`, corrections applied; None when it is not there, or taken back."""
        from slixmpp.exceptions import IqError, IqTimeout

        found: Said | None = None
        pages = self.client.plugin["xep_0313"].iterate(jid=self.room, start=since, rsm={"max": 100})
        try:
            async for page in pages:
                message = page["mam_result"]["forwarded"]["stanza"]
                if message["from"].resource != self.nick:
                    continue
                retraction = message.xml.find(RETRACT)
                if message["id"] == id_ and found is None:
                    found = Said(id_, page["mam_result"]["id"], message["body"])
                elif found and message["replace"]["id"] == id_:
                    found = Said(id_, found.archived, message["body"])
                elif found and retraction is not None and retraction.get("id") == found.archived:
                    return None
        except IqTimeout as error:
            raise Unavailable("the room's archive does not answer") from error
        except IqError as error:
            raise _error(error.iq["error"]) from error
        return found


async def _signed_in(client: ClientXMPP, host: str, port: int) -> None:
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(error: ConnectorError) -> Callable[[Any], None]:
        return lambda _: None if ready.done() else ready.set_exception(error)

    client.add_event_handler("session_start", lambda _: ready.done() or ready.set_result(None))
    wrong = Unauthorised(f"the server does not let {client.boundjid.bare} in")
    client.add_event_handler("failed_all_auth", fail(wrong))
    where = host or client.boundjid.host
    unreachable = Unavailable(f"the XMPP server {where} cannot be reached")
    for event in ("connection_failed", "disconnected"):
        client.add_event_handler(event, fail(unreachable))
    client.connect(host or None, port if host else None)
    try:
        await asyncio.wait_for(ready, CONNECT)
    except TimeoutError as error:
        raise Unavailable(f"the XMPP server {where} does not answer") from error


async def _joined(client: ClientXMPP, room: str, nick: str) -> None:
    from slixmpp.exceptions import PresenceError

    client.send_presence()
    try:
        await client.plugin["xep_0045"].join_muc_wait(room, nick, maxstanzas=0, timeout=ANSWER)
    except TimeoutError as error:
        raise Unavailable(f"the room {room} does not answer") from error
    except PresenceError as error:
        raise _error(error.presence["error"]) from error


async def _over(client: ClientXMPP) -> None:
    """End the conversation; the server may be gone already."""
    await client.disconnect(wait=1.0)


def _error(error: Any) -> ConnectorError:
    """What an error stanza means. Types and conditions: RFC 6120, 8.3.2 and 8.3.3."""
    words = error["text"] or error["condition"]
    if error["type"] == "auth":
        return Unauthorised(f"the room does not let us do that: {words}")
    if error["type"] == "wait":
        return Unavailable(f"the room asks to try later: {words}")
    if error["condition"] in ("item-not-found", "remote-server-not-found", "gone"):
        return Unauthorised(f"there is no such room: {words}")
    return Refused(f"the room does not take this: {words}")


def _since(receipt: Receipt) -> datetime:
    return datetime.fromisoformat(receipt.extra["since"]).astimezone(UTC)
