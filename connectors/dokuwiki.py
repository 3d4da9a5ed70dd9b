"""DokuWiki: a page for each job, kept current, marked when the job closes.

Sources: www.dokuwiki.org/devel:xmlrpc and …/xmlrpc:clients; tried against release 2022-07-31.

A page's id is made from ours, and writing a page twice is writing it once: a lost answer
cannot make a second page. DokuWiki has no "create only", so we look before writing, and do
not touch a page that is not ours.
"""

from __future__ import annotations

import re
import xmlrpc.client
from typing import Any, ClassVar

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
from rolecast.markup import DOKUWIKI, convert
from rolecast.post import Post

CLOSED = "~~NOTOC~~"  # a switch that no reader sees; only pages of closed jobs begin with it


class DokuWiki(Connector):
    """Keeps one page for each job; a closed job's page stays and says so."""

    name: ClassVar[str] = "dokuwiki"
    label: ClassVar[str] = "DokuWiki"
    guarantee: ClassVar[Guarantee] = Guarantee.KEYED
    standing: ClassVar[bool] = True
    voice: ClassVar[str] = "document"

    url: str = Field(description="Address of the wiki, such as https://wiki.example.com.")
    user: str = Field(description="Name of the user that writes.")
    password: SecretStr | None = Field(
        None,
        description="That user's password.",
        json_schema_extra={
            "how": "An administrator switches on `remote` (and names the user in `remoteuser`), "
            "and lets the user create pages in the namespace."
        },
    )
    namespace: str = Field("jobs", description="Namespace of the pages.", pattern=r"^[a-z0-9:_-]+$")
    closed: str = Field(
        "This position is filled.", description="What a page says first when its job has closed."
    )

    def publish(self, http: Http, post: Post) -> Receipt:
        page = self._page(post)
        there = self._call(http, "wiki.getPage", page)
        if there.strip() and post.link not in there:
            raise Refused(f"the wiki has a page {page} of its own")
        self._write(http, page, self.wire(post))
        return self._receipt(page)

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        if not self._call(http, "wiki.getPage", receipt.id).strip():
            raise Gone("the page is not on the wiki any more")
        self._write(http, receipt.id, self.wire(post))
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        text = self._call(http, "wiki.getPage", receipt.id)
        if text.strip() and CLOSED not in text:
            note = f"**{DOKUWIKI.text(self.closed)}**"
            self._write(http, receipt.id, f"{CLOSED}\n{note}\n\n{text}")

    def find(self, http: Http, post: Post) -> Receipt | None:
        text = self._call(http, "wiki.getPage", self._page(post))
        ours = post.link in text and CLOSED not in text
        return self._receipt(self._page(post)) if ours else None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        text = self._call(http, "wiki.getPage", receipt.id)
        if not text.strip() or CLOSED in text:
            return None
        return Seen(says=text, address=receipt.address)

    def whoami(self, http: Http) -> str:
        title = self._call(http, "dokuwiki.getTitle")
        rights = self._call(http, "wiki.aclCheck", f"{self.namespace}:rolecast")
        if int(rights) < 4:  # 4: may create
            raise Unauthorised(f"{self.user} may not create pages in {self.namespace}")
        return f"{self.user} on “{title}”"

    def wire(self, post: Post) -> str:
        return convert(post.html, DOKUWIKI).strip()

    def _page(self, post: Post) -> str:
        return f"{self.namespace}:{re.sub(r'[^a-z0-9]+', '_', post.job_id)}_{post.key[:8]}"

    def _write(self, http: Http, page: str, text: str) -> None:
        if not self._call(http, "wiki.putPage", page, text, {"sum": "Rolecast"}):
            raise OutcomeUnknown("the wiki did not say whether it wrote the page")

    def _receipt(self, page: str) -> Receipt:
        return Receipt(id=page, address=f"{self.url.rstrip('/')}/doku.php?id={page}")

    def _call(self, http: Http, method: str, *arguments: Any) -> Any:
        if self.password is None:
            raise Unauthorised("there is no password for DokuWiki")
        answer = http.send(
            "POST",
            f"{self.url.rstrip('/')}/lib/exe/xmlrpc.php",
            data=xmlrpc.client.dumps(arguments, method, allow_none=True).encode(),
            headers={"Content-Type": "text/xml"},
            auth=(self.user, self.password.get_secret_value()),
            idempotent=True,  # pages are written whole
        )
        try:
            (value,), _ = xmlrpc.client.loads(answer.content)
        except xmlrpc.client.Fault as fault:
            raise _error(fault) from fault
        except Exception as error:  # expat's, for what is no XML
            raise Unavailable("the wiki's answer cannot be read") from error
        return value


def _error(fault: xmlrpc.client.Fault) -> ConnectorError:
    if fault.faultCode in (111, 112, -32603, -32604):
        return Unauthorised(f"the wiki does not let us do that: {fault.faultString}")
    if fault.faultCode in (133, 134):  # locked by somebody who is editing; empty
        return Unavailable(f"the page is being edited: {fault.faultString}", 900)
    return Refused(f"the wiki does not take this: {fault.faultString} ({fault.faultCode})")
