"""Every page that can be reached, in Chromium, as everybody: WCAG 2.2 AA by axe-core, light and
dark, phone and desk; nothing overflows, nothing is fetched from elsewhere, nothing complains."""

import re
from pathlib import Path

import axe_playwright_python
import pytest

from tests.web.conftest import ROLES, Eyes

pytestmark = pytest.mark.timeout(400)  # a browser on many pages

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What depends on how a page is shown; the rest is the same in every size and colour.
SHOWN = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]
RUN = """async ([kind, values]) => {
  const found = await axe.run(document, {
    runOnly: {type: kind, values}, resultTypes: ['violations'], preload: false,
    rules: kind == 'tag' ? {'target-size': {enabled: true}} : {},
  });
  return found.violations.map(one => one.id + ': ' + one.nodes.slice(0, 3).map(
    node => node.html.slice(0, 200) + ' ' + (node.any[0] ? node.any[0].message : '')).join(' | '));
}"""
LOOKS = [(320, "light"), (320, "dark"), (1280, "light"), (1280, "dark")]


def things(site) -> dict[str, list[str]]:
    """Role → pages of theirs that nobody before them has seen just so; the bar counts once."""
    met, found = set(), {}
    for role, visitor in site.visitors.items():
        found[role] = []
        for seen in visitor.walk(each=1):
            text = re.sub(r'name="token" value="[^"]*"|/signin\?to=[^"]*', "", seen.text)
            bar, _, rest = text.partition("</header>")
            new = {hash(re.sub(" aria-current=.page.", "", bar).partition("<body>")[2]), hash(rest)}
            if seen.kind == "text/html" and not new <= met:
                met |= new
                found[role].append(seen.url)
    return found


@pytest.fixture(scope="module")
def pages(busy_site):
    return things(busy_site)


def axe(page, whole: bool) -> list[str]:
    """What axe-core finds; whole: by all of its rules."""
    return page.evaluate(RUN, ["tag", TAGS] if whole else ["rule", SHOWN])


@pytest.mark.parametrize("role", ROLES)
def test_everybody_can_read_every_page(busy_site, pages, chromium, role):
    wrong, paths = [], pages[role]
    eyes = Eyes(busy_site, chromium, ROLES[role])
    for path in paths:
        found = eyes.open(path)
        eyes.page.evaluate(AXE)
        for width, scheme in LOOKS:
            eyes.page.set_viewport_size({"width": width, "height": 800})
            eyes.page.emulate_media(color_scheme=scheme)
            seen = eyes.shape() + axe(eyes.page, whole=(width == 320) == (scheme == "light"))
            found += [f"{width} px, {scheme}: {one}" for one in seen]
        wrong += [f"{path}: {one}" for one in found]
    eyes.close()
    assert paths
    assert not wrong, "\n".join(wrong)


def test_without_script_everything_is_there(busy_site, pages, chromium):
    """On a phone; and every form can be sent: its buttons are real ones."""
    wrong = []
    for role, paths in pages.items():
        size = {"width": 320, "height": 700}
        who = ROLES[role]
        eyes = Eyes(busy_site, chromium, who, viewport=size, java_script_enabled=False)
        for path in paths:
            found = eyes.open(path) + eyes.shape()
            for form in eyes.page.locator("form").all():
                if not form.locator("button:not([type=button]), input[type=submit]").count():
                    found.append(f"no button: {form.inner_html()[:200]}")
            wrong += [f"{role} {path}: {one}" for one in found]
        eyes.close()
    assert not wrong, "\n".join(wrong)
