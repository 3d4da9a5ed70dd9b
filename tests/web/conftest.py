"""A busy house at a real address, in which everybody has been at work."""

import re
import sys
import time

import httpx2
import pytest
from bs4 import BeautifulSoup

from rolecast.people import Role
from tests.colleagues import HOUSE, Mailbox, person, served, session
from tests.house import drop, make, open_project, publish, spec
from tests.web import visits

LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz-Sachbearbeitung (m/w/d)"
CAMPUS = """
[channels.campus]
connector = "byhand"
where = "Campus"
route = { tags = ["campus"] }

[channels.gate]
connector = "byhand"
where = "Gate"
route = { tags = ["campus"] }
policy = { approval = "always" }
"""
FEW = 5  # lines of a list on one page, so that there are several pages
ROLES = {"anyone": None, "employee": "kim", "recruiter": "rita", "admin": "ada"}
BUSY = {
    "pilot": {
        "team": "Bridge", "skills": ["navigation", "radio"], "languages": ["en", "de"],
        "referral_bonus": {"amount": 1500, "currency": "EUR", "note": "half after trial"},
        "hiring_manager": {"name": "Ingrid Voss", "email": "ingrid.voss@example.com"},
        "responsibilities": ["Bring ships in", "Teach the next one"], "openings": 3,
        "requirements": ["A master's certificate"], "benefits": ["A boat that is new"],
        "closes": "2027-03-31", "tags": ["harbour", "campus"],
    },
    "law": {"title": LONG, "language": "de", "team": "Recht", "tags": ["campus"]},
    "crane": {"title": "مشغّل رافعة", "language": "ar", "summary": "ترى الميناء يستيقظ.",
              "tags": ["campus"]},
    "mail": {"title": "Deck Hand", "apply": {"email": "crew@example.com"}, "team": "Ropes"},
    "over": {"title": "Cook"},
}  # fmt: skip


def busy(root):
    """A folder with jobs of many kinds, one of them over, and enough for a second page of FEW."""
    make(root, HOUSE + CAMPUS, **{name: spec(**fields) for name, fields in BUSY.items()})
    for number in range(4):
        drop(root, f"job-{number}", spec(title=f"Engineer {number}", team="Quay"))
    publish(root)
    drop(root, "over", spec(title="Cook", status="filled"))
    publish(root)
    return root


class Visitor:
    """Somebody's browser without a screen."""

    def __init__(self, site, who: str | None):
        self.site, self.who = site, who
        self.landed: dict[str, None] = {}  # where forms led to, in order
        self.done: set = set()  # forms that have been sent
        self.http = httpx2.Client(base_url=site.address, timeout=30, follow_redirects=False)
        self.enter()

    def enter(self):
        """Sign in, once more where one was signed out, in the role that is one's own."""
        self.http.cookies.clear()
        if self.who:
            role = next(Role(role) for role, who in ROLES.items() if who == self.who)
            found = person(self.site.project, self.who, role)
            self.http.cookies.set("rolecast", session(self.site.project, found))

    def walk(self, **more):
        """All pages that can be reached, also those that forms lead to."""
        start = (*visits.START, *self.landed)
        always = visits.START if self.who else start
        return list(visits.walk(self.http.get, self.site.app, start, always, **more))

    def open(self, path: str) -> BeautifulSoup:
        """A page, to look for something in it."""
        return BeautifulSoup(self.http.get(path).text, "html.parser")

    def send(self, form: visits.Form, values: dict[str, str]) -> None:
        """Send a form."""
        named = "data" if form.method == "post" else "params"
        answer = self.http.request(form.method, form.action, **{named: values})
        assert answer.status_code < 500, (form, values)
        if answer.status_code == 303:
            self.landed[answer.headers["location"]] = None
        if self.who and answer.headers.get("location", "").startswith("/signin"):
            self.enter()

    def work(self, write=visits.usual) -> int:
        """Fill in every form that can be found; answers how many were sent."""
        sent = 0
        for page in self.walk():
            for form in page.forms:
                if form.key in self.done or visits.LAST.search(form.action):
                    continue
                self.done.add(form.key)
                for values in visits.fill(form, write):
                    self.send(form, values)
                    sent += 1
        return sent


class Eyes:
    """A window of Chromium's in which somebody has signed in; notes what its pages complain
    about. `page` is the window's page."""

    def __init__(self, site, chromium, who: str | None, **options):
        self.site, self.complaints = site, []
        self.context = site.context(chromium, who, **options)
        self.page = self.context.new_page()
        note = self.complaints.append
        self.page.on("pageerror", lambda error: note(f"script: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("request", lambda one: self._foreign(one.url) and note(f"foreign: {one.url}"))
        self.page.on("console", lambda one: self._said(one) and note(f"console: {one.text}"))
        self.page.on("dialog", lambda one: (note(f"dialog: {one.message}"), one.dismiss()))

    def _failed(self, request) -> None:
        if request.failure != "net::ERR_ABORTED":  # as when one goes on before a picture is there
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def _foreign(self, url: str) -> bool:
        return not url.startswith((self.site.address + "/", "data:", "about:", "blob:"))

    @staticmethod
    def _said(message) -> bool:
        # Pages that are not found, or that say what is wrong with a form, are visited, too.
        return message.type == "error" and "status of 4" not in message.text

    def open(self, path: str) -> list[str]:
        """What a page complains about when it is opened."""
        self.complaints.clear()
        self.page.goto(path, wait_until="load")
        return self.complaints.copy()

    def shape(self) -> list[str]:
        """Whether it fits, and has one main heading."""
        wrong, width = [], self.page.evaluate("document.documentElement.scrollWidth")
        if width > self.page.viewport_size["width"]:
            wrong.append(f"overflows: {width} px")
        if (headings := self.page.evaluate("document.querySelectorAll('h1').length")) != 1:
            wrong.append(f"{headings} main headings")
        return wrong

    def close(self):
        self.context.close()


def mailed(box, project) -> list[str]:
    """Our pages that mails lead to, such as a friend's."""
    deadline = time.monotonic() + 10
    while not box.mails and time.monotonic() < deadline:
        time.sleep(0.05)
    ours = re.escape(project.settings.company.url.rstrip("/"))
    texts = [mail.get_content() for mail in box.mails]
    return [path.rstrip(".,)>") for text in texts for path in re.findall(rf"{ours}(/\S+)", text)]


def answer(visitor, paths: list[str]) -> None:
    """Whoever got a mail does what it asks for; the first of each kind is left as it is."""
    kinds: dict[str, str] = {}
    for path in paths:
        first = kinds.setdefault(re.sub(r"[\w-]{8,}", "*", path), path)
        visitor.landed[path] = None
        if path != first:
            for form in visits.forms_of(path, visitor.open(path)):
                visitor.send(form, next(visits.fill(form)))


@pytest.fixture(scope="module")
def busy_site(tmp_path_factory):
    """Served pages; every form in them has been sent once by everybody who may. Its `visitors`
    are those of ROLES."""
    project = open_project(busy(tmp_path_factory.mktemp("busy")))
    box = Mailbox()
    with pytest.MonkeyPatch.context() as patch, served(project, sender=box) as site:
        for name, module in list(sys.modules.items()):
            if name.startswith("rolecast.web.") and hasattr(module, "PER_PAGE"):
                patch.setattr(module, "PER_PAGE", FEW)
        site.visitors = {role: Visitor(site, who) for role, who in ROLES.items()}
        for _ in range(2):  # some forms are there for what others have sent
            for visitor in site.visitors.values():
                visitor.work()
                visitor.enter()
            answer(site.visitors["anyone"], mailed(box, project))
        yield site
        for visitor in site.visitors.values():
            visitor.http.close()
    project.ledger.close()
