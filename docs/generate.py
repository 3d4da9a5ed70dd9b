"""make docs: the pages that are made from the code, so that they cannot disagree with it.

docs/connectors/ has a page for each connector and their table; docs/voices.md has one example
advert in every voice, moment and language; docs/access.md says who may open what.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from pydantic_core import PydanticUndefined

from connectors import TABLE
from rolecast.channels import Channel
from rolecast.connector import Connector
from rolecast.jobspec import JobSpec, Moment
from rolecast.ledger import Ledger
from rolecast.ledger.states import TRANSITIONS, State
from rolecast.render import Renderer
from rolecast.settings import People, Policy, Route, Settings
from rolecast.web import app
from rolecast.web.face import Face
from rolecast.web.rooms import OPEN, rooms

ROOT = Path(__file__).parents[1]
ABILITIES = {
    "publish": "publish",
    "edit": "change a live post",
    "withdraw": "take it down",
    "find": "tell whether it is there after a lost answer",
    "look": "see what is live",
    "count": "read the network's figures",
    "whoami": "say who we post as (`rolecast doctor`)",
    "rehearse": "send a test post to a private audience (`rolecast rehearse`)",
}
AFTER_LOSS = {
    "keyed": "Nothing doubles: the network knows our key, and the same request again has no "
    "second effect.",
    "findable": "Nothing doubles: the next run looks whether the post is there, and takes it over "
    "or sends it again.",
    "blind": "The post is held, and the desk asks a person to look: nobody else can tell. Nothing "
    "is sent again before that.",
}
MADE = "<!-- Made by `make docs` from the code. Change that. -->\n"
LANGUAGES = {"en": "English", "de": "German", "fr": "French"}
EXAMPLE = {
    "en": {
        "title": "Crane Operator, Night Shift",
        "summary": "From up here you see the harbour wake up.",
        "team": "Quay",
    },
    "de": {
        "title": "Kranführerin oder Kranführer, Nachtschicht",
        "summary": "Von hier oben siehst du, wie der Hafen aufwacht.",
        "team": "Kai",
    },
    "fr": {
        "title": "Grutière ou grutier de nuit",
        "summary": "D'ici, on voit le port se réveiller.",
        "team": "Quai",
    },
}


def main(check: bool = False) -> int:
    """Write the pages; with `check`, only say which are not as they should be."""
    stale = []
    for path, text in pages():
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(str(path.relative_to(ROOT)))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for name in stale:
        print(f"{'stale' if check else 'written'}: {name}")
    return 1 if check and stale else 0


def pages() -> Iterator[tuple[Path, str]]:
    """Every page that is made here."""
    folder = ROOT / "docs" / "connectors"
    yield folder / "README.md", table()
    for name, kind in TABLE.items():
        yield folder / f"{name}.md", connector_page(name, kind)
    yield ROOT / "docs" / "voices.md", voices()
    yield ROOT / "docs" / "states.md", states()
    yield ROOT / "docs" / "access.md", access()


def proven(name: str) -> str:
    """Against what the tests run this connector."""
    if TABLE[name].local or TABLE[name].manual:
        return "the ledger itself"
    module = import_module(f"tests.networks.{name.replace('-', '_')}")
    source = inspect.getsource(module)
    kind = {"REAL": "real server", "EXAMPLE": "documented examples"}
    found = next((words for mark, words in kind.items() if f" {mark}," in source), None)
    first = (module.__doc__ or "").strip().splitlines()[0].rstrip(".")
    return f"{found or 'vendor’s contract'}: {first.removeprefix('The real ')}"


def table() -> str:
    """The table of connectors and operations."""
    heads = list(ABILITIES)
    lines = [
        MADE,
        "# Connectors\n",
        "What each network can do, what a lost answer costs there, and against what it is "
        "tested. “by hand” means that the desk says what to do, and a person does it.\n",
        f"| connector | {' | '.join(heads)} | lost answer | tested against |",
        f"|---|{'---|' * (len(heads) + 2)}",
    ]
    for name, kind in TABLE.items():
        cells = [_cell(kind, ability) for ability in heads]
        lines.append(
            f"| [{kind.label}]({name}.md) | {' | '.join(cells)} | {kind.guarantee} | "
            f"{proven(name)} |"
        )
    lines += [
        "",
        "Every one of them goes through `tests/conformance/`: the life of a post, "
        "answers that are lost, late, cut off or nonsense, refusals, limits, wrong clocks, two "
        "runs at once, and kill -9 at every step and within every request.",
        "",
    ]
    return "\n".join(lines)


def _cell(kind: type[Connector], ability: str) -> str:
    if ability == "publish":
        return "by hand" if kind.manual else "yes"
    if kind.can(ability):
        return "yes"
    return "by hand" if ability in ("edit", "withdraw") else "–"


def connector_page(name: str, kind: type[Connector]) -> str:
    """One connector's page."""
    module = import_module(kind.__module__)
    title, *story = inspect.cleandoc(module.__doc__ or "").split("\n\n")
    sources = [part for part in story if part.startswith("Source")]
    story = [part for part in story if not part.startswith("Source")]
    parts = [
        f"{MADE}\n# {kind.label}\n",
        " ".join(inspect.cleandoc(kind.__doc__ or title).split()) + "\n",
        *(" ".join(part.split()) + "\n" for part in story),
        "## Settings\n",
        _settings(name, kind),
        "## Credentials\n",
        _credentials(kind),
        "## What it can do\n",
        "\n".join(f"- {words}: {_cell(kind, ability)}" for ability, words in ABILITIES.items()),
        "\n## Limits\n",
        _limits(kind),
        "## When an answer is lost\n",
        f"Guarantee: **{kind.guarantee}**. {AFTER_LOSS[kind.guarantee]}\n",
        "## Tested against\n",
        f"{proven(name)}.\n",
    ]
    if sources:
        parts += ["## Sources\n", *(_joined(part) + "\n" for part in sources)]
    return "\n".join(parts)


def _joined(text: str) -> str:
    """One line; addresses that were broken at a slash are whole again."""
    return re.sub(r"/ ", "/", " ".join(text.split()))


def _settings(name: str, kind: type[Connector]) -> str:
    secrets = kind.secrets()
    lines = ["```toml", "[channels.NAME]", f'connector = "{name}"']
    rows = ["| setting | what it is | default |", "|---|---|---|"]
    for field, info in kind.model_fields.items():
        if field in secrets:
            rows.append(f"| `{field}` | {info.description} Secret: environment variable "
                        f"`ROLECAST_NAME_{field.upper()}`, or `block:…` | – |")  # fmt: skip
            continue
        needed = info.default is PydanticUndefined
        if needed:
            sample = "1" if info.annotation is int else '"…"'
            lines.append(f"{field} = {sample}")
        default = "needed" if needed else f"`{info.default!r}`" if info.default else "–"
        rows.append(f"| `{field}` | {info.description} | {default} |")
    return "\n".join([*lines, "```", "", *rows, ""])


def _credentials(kind: type[Connector]) -> str:
    steps = [f"- `{field}`: {how}" for field, how in kind.secrets().items()]
    return "\n".join([*(steps or ["It needs none."]), ""])


def _limits(kind: type[Connector]) -> str:
    limit = kind.limit
    if isinstance(limit, property):
        limit = "as set"
    lines = [f"- Text: {limit if limit else 'no limit'}{f' {kind.unit}' if limit else ''}."]
    if kind.pace:
        lines.append(f"- Pace: one change in {kind.pace:g} s, all workers together.")
    if kind.media:
        media = kind.media
        lines.append(
            f"- Picture: one, {' or '.join(t.removeprefix('image/') for t in media.types)}, made "
            f"to fit {media.max_bytes:,} bytes and {media.max_side} pixels a side; its "
            f"description up to {media.max_alt:,} characters."
        )
    else:
        lines.append("- Picture: none is sent.")
    if kind.standing:
        lines.append("- One page for a job, which is kept current: no reminders, no last call.")
    if kind.replies:
        lines.append('- A post may be answered: `cannot_edit = "reply"` says what has changed.')
    lines.append("- A wish of the network to wait (Retry-After and its like) is obeyed.\n")
    return "\n".join(lines)


MEANINGS = {  # what leads from a state to another
    "planned": "is to be sent with the next run",
    "sending": "a run has claimed it",
    "waiting": "certainly not done; tried again later",
    "unknown": "may have been done; we look first",
    "live": "is there",
    "held": "a person has to act",
    "refused": "the network will not take this text",
    "gone": "somebody else took it down",
    "withdrawn": "we took it down",
    "dropped": "not wanted any more, or left to itself",
}


def states() -> str:
    """The states of a publication, and which may follow which."""
    lines = [
        MADE,
        "# States of a publication\n",
        "What the ledger believes about one post at one network. A step that has no ● here is "
        "refused as a bug (`rolecast/ledger/states.py`); tests/life walks at random through the "
        "others.\n",
        "A person may say that a post is to be taken down whatever the job spec says: it keeps its "
        "state and who said so (`unwanted`), the next plan takes it down, and no plan puts it up "
        "again before somebody says so. Undoing a decision takes one step back, as long as no run "
        "has made another one.\n",
        f"| from ↓ to → | {' | '.join(State)} |",
        f"|---|{'---|' * len(State)}",
    ]
    for old in State:
        cells = " | ".join("●" if new in TRANSITIONS[old] else "" for new in State)
        lines.append(f"| **{old}**: {MEANINGS[old]} | {cells} |")
    return "\n".join([*lines, ""])


def access() -> str:
    """Every page and form, and who may use it."""
    settings, ledger = Settings(people=People(domains=("example.com",))), Ledger("sqlite://")
    made = app.create(ledger, settings, {}, face=Face(ledger, settings, ROOT))
    lines = [
        MADE,
        "# Who may do what\n",
        "Each role may do what those before it may: anyone, employee, recruiter, admin. Whoever "
        "has not signed in is sent to the page for it, and a form of theirs is not taken (401); "
        "whoever has not the role is refused (403). Where nobody signs in (no `[people]` in "
        "rolecast.toml), whoever sits at this machine may do everything, and nobody else may do "
        "what needs a role.\n",
        "A form is taken from our own pages only: with the token of one's session, and neither "
        "from another site nor with another origin (403). tests/web/test_matrix.py asks each of "
        "these as each of them.\n",
        "| address | method | who |",
        "|---|---|---|",
    ]
    for room in rooms(made.routes):
        who = room.needs or f"open: {OPEN[room.path]}"
        lines.append(f"| `{room.path}` | {room.method} | {who} |")
    return "\n".join([*lines, ""])


def voices() -> str:
    """One advert in every voice."""
    parts = [
        MADE,
        "# Voices\n",
        "One advert as each voice says it, for every moment, in three languages. A connector "
        "names its voice; `templates/posts/` has the words.\n",
    ]
    for voice, users in sorted(_voices().items()):
        labels = ", ".join(TABLE[name].label for name in users)
        parts.append(f"## {voice}\n\n{labels}.\n")
        for moment in Moment:
            parts.append(f"### {voice}: {moment}\n")
            cells = [_said(users[0], moment, language) for language in LANGUAGES]
            parts.append(f"| {' | '.join(LANGUAGES.values())} |\n|{'---|' * len(LANGUAGES)}")
            parts.append(f"| {' | '.join(cells)} |\n")
    return "\n".join(parts)


def _voices() -> dict[str, list[str]]:
    own = {path.name for path in (ROOT / "templates" / "posts").iterdir() if path.is_dir()}
    found: dict[str, list[str]] = {}
    for name, kind in TABLE.items():
        found.setdefault(name if name in own else kind.voice, []).append(name)
    return found


def _said(name: str, moment: Moment, language: str) -> str:
    kind = TABLE[name]
    needed = {
        field: 1 if info.annotation is int else "https://a.example"
        for field, info in kind.model_fields.items()
        if info.default is PydanticUndefined
    }
    if "author" in needed:
        needed["author"] = "urn:li:organization:1"
    for number in ("channel", "server", "page"):
        if number in needed and name in ("discord", "facebook"):
            needed[number] = "1"
    channel = Channel("c", kind(**needed), Route(), Policy())
    spec = JobSpec.model_validate(
        EXAMPLE[language]
        | {
            "id": "crane",
            "status": "filled" if moment is Moment.filled else "open",
            "language": language,
            "company": "Ostrelund Harbour",
            "locations": [{"city": "Bremerhaven", "country": "DE"}],
            "salary": {"min": 52000, "max": 58000, "currency": "EUR"},
            "closes": "2027-03-31",
            "description": "Thirty-two metres up, one lever, one radio, and the ships below.",
            "apply": "https://jobs.example.com/crane",
            "tags": ["harbour", "night shift"],
        }
    )
    post = Renderer().render(spec, channel, moment, "https://jobs.example.com/r/abcdefgh")
    text = channel.connector.wire(post) if post.html and not post.text else post.text
    return text.replace("|", "\\|").replace("\n", "<br>")


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
