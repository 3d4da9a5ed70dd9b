"""MediaWiki: a page for each job, kept current, marked when the job closes.

Sources: www.mediawiki.org/wiki/API:Edit, …/API:Login, …/Manual:Bot_passwords; tried against
MediaWiki 1.39. Errors come in an answer of status 200.

A page's title is made once and carries the job's id; `createonly` refuses a second one. So a
lost answer cannot make a second page.
"""

from __future__ import annotations

import re
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
from rolecast.markup import WIKITEXT, convert
from rolecast.post import Post

CLOSED = "<!-- rolecast: closed -->"
MAX_TITLE = 200  # bytes; MediaWiki takes 255
LATER = {"ratelimited", "maxlag", "readonly"}
SESSION_ENDED = {"badtoken", "assertuserfailed", "assertbotfailed"}
UNAUTHORISED = {"permissiondenied", "protectedpage", "blocked", "readapidenied", "writeapidenied",
                "autoblocked", "badlogin"}  # fmt: skip


class MediaWiki(Connector):
    """Keeps one page for each job; a closed job's page stays and says so."""

    name: ClassVar[str] = "mediawiki"
    label: ClassVar[str] = "MediaWiki"
    guarantee: ClassVar[Guarantee] = Guarantee.KEYED
    standing: ClassVar[bool] = True
    settle: ClassVar[float] = 30.0
    voice: ClassVar[str] = "document"

    url: str = Field(description="Where api.php is, such as https://wiki.example.com/w.")
    user: str = Field(description="Name of the bot password, such as Careers@rolecast.")
    password: SecretStr | None = Field(
        None,
        description="The bot password.",
        json_schema_extra={
            "how": "On the wiki: Special:BotPasswords → a new bot with the grants “Edit existing "
            "pages” and “Create, edit, and move pages”."
        },
    )
    prefix: str = Field("Jobs/", description="What the title of every page begins with.")
    category: str | None = Field(None, description="Category of the pages of open jobs.")
    closed: str = Field(
        "This position is filled.", description="What a page says first when its job has closed."
    )

    def publish(self, http: Http, post: Post) -> Receipt:
        try:
            done = self._edit(http, self.title(post), self.wire(post), createonly=1)
        except _Exists:
            there = self._page(http, titles=self.title(post))
            text = there["text"] if there else ""
            closed_by_us = CLOSED in text and post.link in text  # and now open again
            if _mark(post) not in text and not closed_by_us:
                raise Refused(f"the wiki has a page “{self.title(post)}” of its own") from None
            done = self._edit(http, self.title(post), self.wire(post), nocreate=1)
        return self._receipt(done["pageid"], done["title"])

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        title = self._title_now(http, receipt)
        self._edit(http, title, self.wire(post), nocreate=1)
        return self._receipt(int(receipt.id), title)

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        there = self._page(http, pageids=receipt.id)
        if there is None or CLOSED in there["text"]:
            return
        text = re.sub(r"\[\[Category:[^\]]*\]\]\n?", "", there["text"])
        note = WIKITEXT.text(self.closed)
        self._edit(http, there["title"], f"{CLOSED}\n'''{note}'''\n\n{text}", nocreate=1)

    def find(self, http: Http, post: Post) -> Receipt | None:
        there = self._page(http, titles=self.title(post))
        if there is None or _mark(post) not in there["text"] or CLOSED in there["text"]:
            return None
        return self._receipt(there["pageid"], there["title"])

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        there = self._page(http, pageids=receipt.id)
        if there is None or CLOSED in there["text"]:
            return None
        return Seen(says=there["text"], address=self._address(there["title"]))

    def whoami(self, http: Http) -> str:
        self._token(http)
        found = self._call(http, "GET", {"action": "query", "meta": "userinfo", "uiprop": "rights"})
        me = found["query"]["userinfo"]
        if not {"edit", "createpage"} <= set(me["rights"]):
            raise Unauthorised(
                f"{me['name']} may not create pages: give the bot password the grant"
            )
        return f"{me['name']} on {self.url}"

    def title(self, post: Post) -> str:
        """The page's title: readable, and unique to the job and moment."""
        words = re.sub(r"[\x00-\x1f#<>\[\]|{}_/]+", " ", post.title)
        while len(words.encode()) > MAX_TITLE - len(post.job_id) - len(self.prefix.encode()):
            words = words[:-1]
        moment = "" if post.moment == "announce" else f", {post.moment}"
        return f"{self.prefix}{' '.join(words.split())} ({post.job_id}{moment})"

    def wire(self, post: Post) -> str:
        category = f"\n[[Category:{self.category}]]" if self.category else ""
        return f"{_mark(post)}\n{convert(post.html, WIKITEXT)}{category}".strip()

    # below: the calls

    def _edit(self, http: Http, title: str, text: str, **more: int) -> dict[str, Any]:
        body = {"action": "edit", "title": title, "text": text, "bot": 1, "assert": "user"}
        body |= {"summary": "Rolecast", **more}
        answer = self._signed_in(http, body)
        return answer["edit"]

    def _signed_in(self, http: Http, body: dict[str, Any]) -> Any:
        for again in (True, False):
            token = self._token(http)
            try:
                return self._call(http, "POST", body | {"token": token})
            except _SessionEnded as error:
                with http.lock:
                    if http.memory.get("token") == token:
                        del http.memory["token"]
                if not again:
                    raise Unauthorised(f"the wiki does not keep our session ({error})") from error
        raise AssertionError("unreachable")

    def _token(self, http: Http) -> str:
        with http.lock:
            if "token" not in http.memory:
                self._login(http)
                query = {"action": "query", "meta": "tokens"}
                tokens = self._call(http, "GET", query)["query"]["tokens"]
                http.memory["token"] = tokens["csrftoken"]
            return http.memory["token"]

    def _login(self, http: Http) -> None:
        if self.password is None:
            raise Unauthorised("there is no bot password for MediaWiki")
        query = {"action": "query", "meta": "tokens", "type": "login"}
        token = self._call(http, "GET", query)["query"]["tokens"]["logintoken"]
        body = {
            "action": "login",
            "lgname": self.user,
            "lgpassword": self.password.get_secret_value(),
            "lgtoken": token,
        }
        login = self._call(http, "POST", body, idempotent=True)["login"]
        if login["result"] != "Success":
            reason = login.get("reason", login["result"])
            raise Unauthorised(f"the wiki does not let {self.user} in: {reason}")

    def _page(self, http: Http, **which: Any) -> dict[str, Any] | None:
        query = {"action": "query", "prop": "revisions", "rvprop": "content", "rvslots": "main"}
        self._token(http)  # a wiki of one's own may show its pages to nobody else
        page = self._call(http, "GET", query | which)["query"]["pages"][0]
        if page.get("missing") or "revisions" not in page:
            return None
        text = page["revisions"][0]["slots"]["main"]["content"]
        return {"pageid": page["pageid"], "title": page["title"], "text": text}

    def _title_now(self, http: Http, receipt: Receipt) -> str:
        there = self._page(http, pageids=receipt.id)
        if there is None:
            raise Gone("the page is not on the wiki any more")
        return there["title"]

    def _receipt(self, number: int, title: str) -> Receipt:
        return Receipt(id=str(number), address=self._address(title))

    def _address(self, title: str) -> str:
        from urllib.parse import quote

        return f"{self.url.rstrip('/')}/index.php?title={quote(title.replace(' ', '_'))}"

    def _call(
        self, http: Http, method: str, fields: dict[str, Any], idempotent: bool = False
    ) -> Any:
        fields = fields | {"format": "json", "formatversion": 2}
        url = f"{self.url.rstrip('/')}/api.php"
        options = {"params": fields}
        if method == "POST":  # the action stands in the address, too, for the wiki's own logs
            options = {"params": {"action": fields["action"]}, "data": fields}
        answer = http.json(method, url, idempotent=idempotent, **options)
        if "error" in answer:
            raise _error(answer["error"])
        return answer


class _Exists(Refused):
    """There is a page of this title."""


class _SessionEnded(Unavailable):
    """Certainly not done: the session or its token is over."""


def _mark(post: Post) -> str:
    """Names the publication within its page; readers do not see it."""
    return f"<!-- rolecast: {post.key} -->"


def _error(error: dict[str, Any]) -> ConnectorError:
    code, told = error["code"], error.get("info", "")
    if code == "articleexists":
        return _Exists(told)
    if code in SESSION_ENDED:
        return _SessionEnded(code)
    if code == "missingtitle":
        return Gone("the page is not on the wiki any more")
    if code in LATER:
        return Unavailable(f"the wiki asks to wait: {told}")
    if code in UNAUTHORISED:
        return Unauthorised(f"the wiki does not let us do that: {told}")
    if code.startswith("internal_api_error"):
        return OutcomeUnknown(f"the wiki failed: {code}")
    return Refused(f"the wiki does not take this: {told} ({code})")
