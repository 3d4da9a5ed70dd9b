"""What a User-Agent header tells: a coarse device, and whether it is a program's own.

Declared crawlers and preview fetchers come from the list crawler-user-agents
(github.com/monperrus/crawler-user-agents, MIT), which is kept up to date; updating the package
updates us. What declares itself without standing in the list is recognised by its words.
The header itself is never kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Agent:
    """device: phone, tablet, desktop, other. signal: why it is no person's browser; "" when
    nothing says so. name: what a program calls itself, for judging it again when the lists
    improve; "" for a browser."""

    device: str
    signal: str
    name: str


# Tags of crawler-user-agents that say more than "crawler".
TAGS = {
    "social-preview": "preview",
    "scanner": "scanner",
    "http-library": "tool",
    "browser-automation": "headless",
}

_BROWSER = re.compile(r"^(?:Mozilla|Opera)/\d|^(?:UCWEB|Dalvik)")
# Phones from before browsers called themselves Mozilla.
_OLD_PHONE = re.compile(
    r"MIDP|CLDC|UP\.Browser|Profile/|Obigo|NetFront|BlackBerry|Maemo|SymbianOS|Symbian OS|BREW|"
    r"J2ME|Teleca|Dorado|^(?:Nokia|SAMSUNG|SonyEricsson|LG|MOT|SIE|ZTE|HTC|HUAWEI|Alcatel|Sagem)",
    re.IGNORECASE,
)
# "Cubot" is a maker of phones.
_DECLARED = re.compile(
    r"(?<!cu)bot(?:$|[^a-z])|(?<!cu)bot[_/-]|crawl|spider|scrap(?:e|y|ing)|slurp|archiver|indexer|"
    r"\bsearch(?:engine)?/|monitor(?:ing)?\b|\bcheck(?:er|ing)\b|validator|verif(?:ier|y)|fetch|"
    r"preview|unfurl|snippet|link ?expand|feed ?(?:burner|parser|fetcher)|\bping|uptime|probe|"
    r"screenshot|lighthouse|pagespeed|gtmetrix|site ?audit|https?://(?!.*\bsafari/)|"
    r"[\w.+-]+@[\w-]+\.\w",
    re.IGNORECASE,
)
_SCANNER = re.compile(
    r"barracuda|mimecast|proofpoint|safelinks|fireeye|trendmicro|trend micro|sophos|symantec|"
    r"messagelabs|cloudmark|forcepoint|ironport|zscaler|mailguard|spamexperts|virustotal|urlscan|"
    r"urlvoid|checkphish|netcraft|nessus|nikto|nmap|qualys|acunetix|sqlmap|wpscan|masscan|zgrab|"
    r"censys|shodan|nuclei|openvas|burp",
    re.IGNORECASE,
)
_HEADLESS = re.compile(
    r"headless|phantomjs|slimerjs|puppeteer|playwright|selenium|webdriver|cypress/|zombie\.js|"
    r"htmlunit|jsdom|splash|electron/",
    re.IGNORECASE,
)
_TOOL = re.compile(
    r"^(?:java|python|perl|php|ruby|go|curl|wget|libwww|lwp|http|axios|node|okhttp|apache|winhttp|"
    r"guzzle|aiohttp|requests|urllib|postman|insomnia|dart|rest|deno|bun)\b|"
    r"http[- _]?client|libcurl|python-|-python|libwww|httplib|urllib|okhttp|winhttp",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z][A-Za-z_. -]{1,38}[A-Za-z]")
_TABLET = re.compile(r"ipad|tablet|kindle|silk/(?!.*mobile)|playbook|android(?!.*mobile)", re.I)
_PHONE = re.compile(r"mobi|iphone|ipod|phone|blackberry|opera mini|symbian|midp|kaios", re.I)


@cache
def _listed() -> tuple[Any, list[tuple[str, frozenset[str]]]]:
    """All patterns of the list in one automaton, and each one's text and tags.

    RE2 matches the 1,500 patterns in microseconds where `re` takes a millisecond: a flood of
    invented headers must not stop the redirects.
    """
    import re2
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    options = re2.Options()
    options.max_mem = 64 << 20
    patterns = re2.Set.SearchSet(options)
    for entry in CRAWLER_USER_AGENTS_DATA:
        patterns.Add(entry["pattern"])
    patterns.Compile()
    return patterns, [
        (entry["pattern"], frozenset(entry.get("tags", ()))) for entry in CRAWLER_USER_AGENTS_DATA
    ]


@lru_cache(20_000)
def read(user_agent: str) -> Agent:
    """What the header says. Pure; the last 20,000 different ones are remembered in memory."""
    text = user_agent[:512]
    signal, name = _signal(text)
    return Agent(device(text), signal, name)


def _signal(text: str) -> tuple[str, str]:
    if not text.strip():
        return "no-agent", ""
    if _SCANNER.search(text):
        return "scanner", _name_at(text, _SCANNER)
    if _HEADLESS.search(text):
        return "headless", _name_at(text, _HEADLESS)
    patterns, entries = _listed()
    found = patterns.Match(text)
    if found:
        pattern, tags = entries[min(found)]
        kind = next((kind for tag, kind in TAGS.items() if tag in tags), "crawler")
        return kind, clean(re.search(pattern, text).group())
    if _DECLARED.search(text):
        return "declared", _name_at(text, _DECLARED)
    if _TOOL.search(text):
        return "tool", _name_at(text, _TOOL)
    if not (_BROWSER.search(text) or _OLD_PHONE.search(text)):
        return "unknown-agent", clean(text)
    return "", ""


def named(name: str) -> str:
    """The signal of a program by the name that was kept of it; for judging old clicks again."""
    return _signal(name)[0] if name else ""


def clean(text: str) -> str:
    """A program's name without versions, addresses and anything else: letters and joints only."""
    found = _NAME.search(re.sub(r"\S+@\S+|https?://\S*", " ", text))
    return found.group().strip(" .-_")[:40] if found else ""


def _name_at(text: str, pattern: re.Pattern[str]) -> str:
    """The word in which `pattern` was found."""
    at = pattern.search(text).start()
    start = max(text.rfind(mark, 0, at) for mark in " ;(,+")
    return clean(text[start + 1 :])


def device(text: str) -> str:
    """phone, tablet, desktop or other."""
    if _TABLET.search(text):
        return "tablet"
    if _PHONE.search(text):
        return "phone"
    return "desktop" if _BROWSER.search(text) else "other"
