"""A mailing-list server (GNU Mailman, the real program) behind a Postfix of its own."""

import base64
import email
import email.policy
import json
import time
import urllib.parse
import urllib.request
from email.message import EmailMessage
from pathlib import Path

from .base import Server
from .postfix import Postfix


class Mailman(Server):
    """Takes mail for its lists at ``mail.host``:``mail.port``."""

    script = "mailman"

    @property
    def mail(self) -> Postfix:
        """The mail server, which keeps what the members are sent."""
        return Postfix.attached({**self.facts, "DIR": str(self.folder / "mail")})

    def new_list(self, name: str, members: list[str], moderated: bool = False) -> str:
        """A list with an archive; its address. A moderated one holds what comes."""
        address = f"{name}@lists.example.test"
        self.ask("POST", "/lists", fqdn_listname=address)
        self.ask(
            "PATCH",
            f"/lists/{address}/config",
            default_nonmember_action="hold" if moderated else "accept",
            archive_policy="public",
            send_welcome_message="false",
        )
        for member in members:
            self.ask(
                "POST",
                "/members",
                list_id=address.replace("@", "."),
                subscriber=member,
                pre_verified="true",
                pre_confirmed="true",
                pre_approved="true",
            )
        return address

    def archive(self, address: str, count: int) -> list[EmailMessage]:
        """The mails in a list's archive; waits until there are ``count``."""
        folder = self.folder / "list/var/archives/prototype" / address / "new"
        found = _wait(lambda: sorted(folder.glob("*")), count)
        policy = email.policy.default
        return [email.message_from_bytes(Path(one).read_bytes(), policy=policy) for one in found]

    def held(self, address: str, count: int) -> list[dict]:
        """What waits for the list's moderator; waits until there are ``count``."""
        return _wait(lambda: self.ask("GET", f"/lists/{address}/held").get("entries", []), count)

    def ask(self, method: str, path: str, **fields: str):
        """One call of the REST interface."""
        data = urllib.parse.urlencode(fields).encode() if fields else None
        request = urllib.request.Request(f"{self.facts['API']}{path}", data, method=method)
        sign = base64.b64encode(b"admin:admin-password").decode()
        request.add_header("Authorization", f"Basic {sign}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            raw = answer.read()
        return json.loads(raw) if raw else {}


def _wait(read, count: int, seconds: float = 20):
    deadline = time.monotonic() + seconds
    while len(found := read()) < count and time.monotonic() < deadline:
        time.sleep(0.1)
    return found
