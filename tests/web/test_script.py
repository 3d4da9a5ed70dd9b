"""What people write stays text: in every field of every form, in addresses and in job specs.

Proved in Chromium: nothing executes, nothing is fetched, the Content-Security-Policy has nothing to
refuse, and no link leads to a script.
"""

import re
from urllib.parse import quote, urlencode

import pytest
from bs4 import BeautifulSoup

from rolecast.web import live
from rolecast.web.rooms import rooms
from tests.colleagues import HOUSE, Mailbox, served
from tests.house import drop, make, open_project, publish, spec
from tests.web import visits
from tests.web.conftest import ROLES, Eyes, Visitor
from tests.web.test_odd_input import names

pytestmark = pytest.mark.timeout(400)  # a browser on many pages

MARKUP = (
    "evil{{7*7}}evil${7*7}\"'><img src=evil onerror=hit()><script>hit()</script><svg onload=hit()>"
    "</title></textarea></script><a href=javascript:hit()>x</a><iframe src=evil></iframe>"
    "<base href=//evil.example><meta http-equiv=refresh content=0;url=//evil.example>"
)
CONTROL = "\u202eevil\u2066\u200f\u0007\x1b[31m\x7f\ufeff\u2028 <b>"
TAGS = "img[src*=evil], iframe, base, [onload], [onerror]"
LINK = "javascript:hit()//"
MARKDOWN = f"""{MARKUP}

[a](javascript:hit()) [b](JaVaScRiPt:hit()) [c](data:text/html,<script>hit()</script>)
<javascript:hit()> ![x](evil "' onerror=hit()") [d](&#106;avascript:hit()) [e](vbscript:hit())

```
</code><script>hit()</script>
```

<style>*{{background:url(evil)}}</style>
"""
FIELDS = {
    "title": "Pilot {{7*7}}\"'><img src=evil onerror=hit()>", "company": f"{MARKUP}"[:90],
    "summary": MARKUP[:150], "description": MARKDOWN, "team": MARKUP[:90],
    "responsibilities": [MARKUP, CONTROL], "requirements": [MARKUP], "benefits": [MARKUP],
    "skills": [MARKUP[:80]], "tags": ["x\"><script>hit()</script>", "campus"],
    "locations": [{"city": MARKUP[:90], "country": "DE"}],
    "salary": {"min": 1, "max": 2, "currency": "EUR", "note": MARKUP[:100]},
    "hiring_manager": {"name": MARKUP[:90]}, "equal_opportunity": MARKUP,
    "referral_bonus": {"amount": 1, "currency": "EUR", "note": MARKUP[:100]},
    "apply": "https://jobs.example.com/?a=\"'><script>hit()</script>",
}  # fmt: skip
SET = """(values) => {
  for (const form of document.forms) {
    if (form.action != values.action) continue;
    form.noValidate = true;
    let pressed = null;
    for (const one of form.elements) {
      if (!(one.name in values.fields)) continue;
      if (one.tagName == 'BUTTON') { if (one.value == values.fields[one.name]) pressed = one; }
      else if (one.type == 'checkbox') one.checked = true;
      else if (one.type == 'radio') one.checked = one.value == values.fields[one.name];
      else {
        if (one.tagName == 'INPUT' && one.type != 'hidden') one.type = 'text';
        one.removeAttribute('maxlength');
        if (one.tagName != 'SELECT') one.value = values.fields[one.name];
      }
    }
    setTimeout(() => pressed ? form.requestSubmit(pressed) : form.submit());
    return true;
  }
  return false;
}"""
LOOK = """() => [
  ...(window.hits || []).map(one => 'executed: ' + one),
  ...[...document.querySelectorAll('a[href], form[action], [src]')]
    .map(one => one.getAttribute('href') || one.getAttribute('action') || one.getAttribute('src'))
    .filter(to => /^[\\s\\x00-\\x1f]*(javascript|vbscript|data:text)/i.test(to)
                  || /^(\\/\\/|https?:\\/\\/)evil/.test(to))
    .map(to => 'leads to ' + to),
  ...[...document.querySelectorAll('img[src*=evil], iframe, base, [onerror], [onload]')]
    .map(one => 'made: ' + one.outerHTML.slice(0, 100)),
  ...(document.documentElement.outerHTML.includes('evil49evil') ? ['calculated'] : []),
]"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    campus = '[channels.campus]\nconnector = "byhand"\nwhere = "Campus"\n'
    root = make(tmp_path_factory.mktemp("script"), HOUSE + campus)
    for name, value in FIELDS.items():  # what one field may not hold, the others still do
        drop(root, f"odd-{name.replace('_', '-')}", spec(**{name: value}))
    publish(root)
    project = open_project(root)
    with served(project, sender=Mailbox()) as made:
        made.visitors = {role: Visitor(made, who) for role, who in ROLES.items()}
        yield made
        for visitor in made.visitors.values():
            visitor.http.close()
    project.ledger.close()


def everything(name, kind, value):
    """Also where no page lets anybody write."""
    return value if name == "token" or kind in ("select", "button", "radio") else MARKUP


def texts_only(name, kind, value):
    """So that forms are taken that look at their fields."""
    if kind in ("text", "textarea", "search") and name not in visits.NAMES:
        return MARKUP + CONTROL
    return visits.usual(name, kind, value)


def links(name, kind, value):
    """A script where an address may be."""
    return value if kind in ("hidden", "select", "button", "radio") else LINK


class Witness(Eyes):
    """Eyes that see scripts at work."""

    def __init__(self, site, chromium, who):
        super().__init__(site, chromium, who)
        self.context.add_init_script("window.hit = () => (window.hits ||= []).push(location.href)")
        self.page.on("request", self._asks)

    def _asks(self, request):
        asked = request.url.partition("?")[0].rpartition("/")[2]
        if "evil" in asked and request.resource_type != "document":
            self.complaints.append(f"asked for {request.url}")

    def saw(self) -> list[str]:
        return [*self.complaints, *self.page.evaluate(LOOK)]

    def send(self, form, values) -> list[str] | None:
        """Fill a form in and send it. None: it is not there any more."""
        self.complaints.clear()
        self.page.goto(form.page)
        there = {"action": self.site.address + form.action, "fields": values}
        with self.page.expect_navigation(wait_until="load"):
            if not self.page.evaluate(SET, there):
                self.page.reload()
        return self.saw()


@pytest.mark.parametrize("role", ["anyone", "employee", "recruiter", "admin"])
def test_whatever_is_written_into_forms_is_text(site, chromium, role):
    visitor, wrong, sent, done = site.visitors[role], [], 0, set()
    visitor.enter()
    witness = Witness(site, chromium, ROLES[role])
    for page in visitor.walk(each=2, most=80):
        for form in page.forms:
            if form.key in done or visits.LAST.search(form.action):
                continue
            done.add(form.key)
            for write in (everything, texts_only, links):
                for values in list(visits.fill(form, write))[:3]:
                    found = witness.send(form, values)
                    sent += 1
                    wrong += [f"{form.page} {form.action} {write.__name__}: {one}" for one in found]
    witness.close()
    assert sent > 0
    assert not wrong, "\n".join(wrong)


def test_what_was_written_is_text_on_every_page(site, chromium):
    """Also for those who read it later, and in job specs."""
    wrong, seen = [], 0
    for role in ("anyone", "employee", "admin"):
        visitor, outside = site.visitors[role], "/public" if role == "anyone" else ""
        visitor.enter()
        witness = Witness(site, chromium, ROLES[role])
        specs = [f"{outside}/jobs/odd-{name.replace('_', '-')}" for name in FIELDS]
        start = [*visits.START, *visitor.landed, *specs]
        pages = visits.walk(visitor.http.get, site.app, start, start, each=1)
        for url in [page.url for page in pages if page.kind == "text/html"]:
            witness.complaints.clear()
            witness.page.goto(url, wait_until="load")
            wrong += [f"{role} {url}: {one}" for one in witness.saw()]
            seen += 1
        witness.close()
    assert seen > 50
    assert not wrong, "\n".join(wrong)


def test_most_evil_specs_are_shown(site):
    """The pages above really had something to show."""
    get = site.visitors["admin"].http.get
    shown = {
        name for name in FIELDS if get(f"/jobs/odd-{name.replace('_', '-')}").status_code == 200
    }
    assert {"title", "description", "summary", "team", "benefits", "hiring_manager"} <= shown


def test_nothing_in_an_address_becomes_a_tag(site, chromium, monkeypatch):
    """Every name of a query by itself, and every path, as somebody who may see all."""
    monkeypatch.setattr(live, "LIFE", 0.0)  # so that what is told to open pages ends
    visitor, wrong = site.visitors["admin"], []
    visitor.enter()
    eyes = Witness(site, chromium, "ada")
    for room in rooms(site.app.routes):
        if room.method != "GET":
            continue
        usual, pages = visits.filled(room.path), []
        odd = re.sub(r"\{[^}]*\}", quote(MARKUP, safe=""), room.path)
        some = [names()[start::9] for start in range(9)]  # one that is refused hides few others
        urls = [f"{usual}?{urlencode(dict.fromkeys(part, MARKUP))}" for part in some]
        for url in [odd, *urls]:
            answer = visitor.http.get(url)
            assert answer.status_code < 500
            assert "evil" not in answer.headers.get("location", "").partition("?")[0]
            if "html" in answer.headers.get("content-type", "") and "evil" in answer.text:
                pages.append(url)
                soup = BeautifulSoup(answer.text, "html.parser")
                if soup.select(TAGS) or "evil49" in answer.text:
                    wrong.append(url)
        for url in pages[:2]:  # the browser's word on those that say it again
            eyes.complaints.clear()
            eyes.page.goto(url)
            wrong += [f"{room.path}: {one}" for one in eyes.saw()]
    eyes.close()
    assert not wrong, wrong
