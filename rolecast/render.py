"""Turns a job spec into the post for one channel and moment.

A template `posts/<connector>/<moment>.j2` (or the one of the connector's
voice, or the one in `posts/default/`) offers forms, from the longest to the
shortest, as the blocks `long`, `medium` and `short`; the longest that the
network takes is used. A block `title` and a block `html` are for networks that
take a document. Nothing is ever cut: what fits in no form is a problem with
its count.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    nodes,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rolecast.channels import Channel
from rolecast.connector import Connector
from rolecast.image import Image, ImageProblem, load
from rolecast.jobspec import JobSpec, Moment, Status
from rolecast.moments import kind
from rolecast.post import Post

FORMS = ("long", "medium", "short")


class RenderProblem(Exception):
    """This post cannot be made; the message says why and what to change."""


def builtin_templates() -> Path:
    """The templates that come with Rolecast: in the wheel, or beside the package."""
    inside = Path(__file__).parent / "_templates"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "templates"


class Renderer:
    """Compiled templates; one for a whole run.

    own: a folder whose templates come before the built-in ones. company: its name, for specs
    that name only a unit. pictures: the folder of the specs' pictures.
    """

    def __init__(self, own: Path | None = None, company: str = "", pictures: Path | None = None):
        self.folders = [folder for folder in (own, builtin_templates()) if folder]
        self.company, self.pictures = company, pictures
        self._templates: dict[tuple[str, str], Blocks] = {}
        self._facts: tuple[JobSpec | None, dict[str, Any]] = (None, {})

    @cached_property
    def env(self) -> ImmutableSandboxedEnvironment:
        """The sandbox: templates see the job, its facts and words, and nothing else."""
        env = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([FileSystemLoader(folder) for folder in self.folders]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        env.filters.update(dots=_dots, hashtags=hashtags, markdown=_markdown)
        return env

    @cached_property
    def phrases(self) -> dict[str, dict[str, str]]:
        """Language → the short phrases that templates use."""
        found: dict[str, dict[str, str]] = {}
        for folder in reversed(self.folders):
            path = folder / "posts" / "phrases.toml"
            if path.is_file():
                for language, words in tomllib.loads(path.read_text("utf-8")).items():
                    found.setdefault(language, {}).update(words)
        return found

    def phrases_in(self, language: str) -> dict[str, str]:
        """The phrases in `language`; English ones where it has none."""
        return self.phrases.get("en", {}) | self.phrases.get(language.split("-")[0], {})

    @cached_property
    def digest(self) -> str:
        """Changes whenever a template or a phrase does."""
        hash_ = hashlib.blake2b(digest_size=16)
        for folder in self.folders:
            for path in sorted((folder / "posts").rglob("*")):
                if path.is_file():
                    hash_.update(str(path.relative_to(folder)).encode() + b"\0")
                    hash_.update(path.read_bytes())
        return hash_.hexdigest()

    def render(
        self, spec: JobSpec, channel: Channel, moment: str, link: str, key: str = ""
    ) -> Post:
        """The post, in the longest form that fits. Raises RenderProblem."""
        connector = channel.connector
        context = self._context(spec, channel, moment, link)
        try:
            template = self._template(connector, moment)
            variant, text = self._fitting(template, context, channel)
            title = template.render("title", context)
            html = template.render("html", context)
        except TemplateNotFound as error:
            raise RenderProblem(f"there is no template {error.name}") from error
        except TemplateError as error:
            raise RenderProblem(f"template for {connector.name}/{moment}: {error}") from error
        if link not in text and link not in html:
            raise RenderProblem(
                f"template for {connector.name}/{moment} leaves out {{{{ link }}}}, "
                "by which the post is recognised and its clicks are counted"
            )
        return Post(
            job_id=spec.id,
            channel=channel.name,
            moment=moment,
            language=spec.language,
            title=title,
            summary=spec.summary or "",
            text=text,
            html=html,
            link=link,
            tags=spec.tags,
            image=self._image(spec, connector),
            key=key,
            variant=f"{variant}, own words" if context["words"] else variant,
        )

    def _image(self, spec: JobSpec, connector: Connector) -> Image | None:
        if spec.image is None or connector.media is None or self.pictures is None:
            return None
        try:
            return load(self.pictures, spec.image.file, spec.image.alt, connector.media)
        except ImageProblem as problem:
            raise RenderProblem(str(problem)) from problem

    def _fitting(
        self, template: Blocks, context: dict[str, Any], channel: Channel
    ) -> tuple[str, str]:
        """The name and the text of the longest form that fits."""
        connector = channel.connector
        length = 0
        for form in FORMS:
            if form not in template:
                continue
            text = template.render(form, context)
            if connector.limit is None:
                return form, text
            length = connector.measure(text)
            if length <= connector.limit:
                return form, text
        raise RenderProblem(
            f"too long for {channel.name}: the shortest form has {length} {connector.unit}, "
            f"{length - connector.limit} more than the {connector.limit} that {connector.label} "
            f"takes; shorten the title, or `words: {channel.name}:` in the spec"
        )

    def _context(self, spec: JobSpec, channel: Channel, moment: str, link: str) -> dict[str, Any]:
        if self._facts[0] is not spec:
            from rolecast.facts import facts

            self._facts = (spec, {"job": spec, "facts": facts(spec)})
        own = spec.words.get(channel.name) or spec.words.get(channel.connector.name) or {}
        sort = kind(moment)
        phrases, words = self.phrases_in(spec.language), own.get(sort, "")
        if sort is Moment.announce:
            ours = spec.summary or phrases["hiring"]
        elif sort is Moment.filled and spec.status is not Status.filled:
            ours = phrases["over"]
        else:
            ours = phrases[sort]
        return {
            **self._facts[1],
            "phrases": phrases,
            "words": words,
            # What every form begins with: somebody's own words come before ours.
            "lead": words or ours,
            "link": link,
            "company": spec.company.name or self.company,
        }

    def _template(self, connector: Connector, moment: str) -> Blocks:
        key = (connector.name, kind(moment))
        if key not in self._templates:
            folders = (connector.name, connector.voice, "default")
            names = [f"posts/{folder}/{key[1]}.j2" for folder in folders]
            self._templates[key] = Blocks(self.env.select_template(names))
        return self._templates[key]


class Blocks:
    """A template's blocks, its ancestors' included, each to be rendered by itself."""

    def __init__(self, template: Template):
        self.template = template
        self.chain: dict[str, list[Any]] = {}  # name → the block and those it overrides
        for each in _lineage(template):
            for name, block in each.blocks.items():
                self.chain.setdefault(name, []).append(block)

    def __contains__(self, name: str) -> bool:
        return name in self.chain

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """The block's text, tidied; empty when there is no such block."""
        if name not in self.chain:
            return ""
        context = self.template.new_context(dict(values))
        context.blocks = self.chain
        return tidy("".join(self.chain[name][0](context)))


def _lineage(template: Template) -> Iterator[Template]:
    """The template and what it extends. Jinja itself resolves that only while rendering."""
    env = template.environment
    while True:
        yield template
        source, _, _ = env.loader.get_source(env, template.name)
        extends = env.parse(source).find(nodes.Extends)
        if extends is None:
            return
        template = env.get_template(extends.template.as_const())


def tidy(text: str) -> str:
    """No blanks at line ends, never more than one empty line, none at the ends."""
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _dots(parts: list[str]) -> str:
    """What is not empty, with dots between."""
    return " · ".join(part for part in parts if part)


def hashtags(tags: tuple[str, ...], most: int = 3) -> str:
    """The first tags as hashtags: letters and digits only, words joined in capitals."""
    found = []
    for tag in tags:
        words = re.findall(r"\w+", tag)
        joined = "".join(w if w.isupper() else w[:1].upper() + w[1:] for w in words)
        if joined and not joined.isdigit() and f"#{joined}" not in found:
            found.append(f"#{joined}")
    return " ".join(found[:most])


def _markdown(text: str) -> Any:
    from markupsafe import Markup

    from rolecast.markdown import to_html

    return Markup(to_html(text))  # sanitised there
