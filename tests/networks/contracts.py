"""Vendors' contracts, each read by what the field uses for its kind."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.networks.standin import Broken, Call


@cache
def folder() -> Path:
    """Where the contracts are kept: outside of this repository, because licences differ."""
    beside = Path(__file__).parents[3] / "shared"
    found = Path(os.environ.get("ROLECAST_SHARED") or beside) / "data" / "contracts"
    if not found.is_dir():
        raise FileNotFoundError(f"{found} is missing; set ROLECAST_SHARED")
    return found


class OpenApi:
    """An OpenAPI file, through openapi-core.

    host: the address in whose name requests are checked. answers: whether the file's models of
    answers are those of the real network (some files' are not). skip: paths of the file's
    neighbours that it does not describe. root: what the real address has before our paths.
    mend: puts right what the file has wrong.
    """

    def __init__(
        self,
        file: str,
        host: str,
        answers: bool = True,
        skip: str = r"(?!)",
        root: str = "",
        mend: Callable[[dict[str, Any]], None] | None = None,
    ):
        self.file, self.host, self.answers, self.root = file, host, answers, root
        self.skip, self.mend = re.compile(skip), mend

    def request(self, call: Call) -> None:
        if self.skip.match(call.path):
            return
        from openapi_core.exceptions import OpenAPIError

        try:
            with _quietly():
                _openapi(self.file, self.mend).validate_request(self._request(call))
        except OpenAPIError as error:
            raise Broken(_causes(error)) from error

    def answer(self, call: Call, status: int, body: Any) -> None:
        if not self.answers or self.skip.match(call.path):
            return
        from openapi_core.exceptions import OpenAPIError
        from openapi_core.testing import MockResponse

        raw = b"" if body is None else json.dumps(body).encode()
        answer = MockResponse(data=raw, status_code=status, content_type="application/json")
        try:
            with _quietly():
                _openapi(self.file, self.mend).validate_response(self._request(call), answer)
        except OpenAPIError as error:
            raise Broken(f"our own answer: {_causes(error)}") from error

    def _request(self, call: Call) -> Any:
        from openapi_core.testing import MockRequest

        return MockRequest(
            self.host,
            call.method.lower(),
            self.root + call.path,
            args=call.query,
            headers={name.title(): value for name, value in call.headers.items()},
            data=call.request.body or None,
            content_type=call.headers.get("content-type", "application/json"),
        )


@contextmanager
def _quietly() -> Iterator[None]:
    """Some files name kinds of signing in that openapi-core does not check; it warns of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def _openapi(file: str, mend: Callable[[dict[str, Any]], None] | None) -> Any:
    from openapi_core import Config, OpenAPI

    # Several vendors' files are not strictly valid themselves.
    config = Config(spec_validator_cls=None)
    path = folder() / file
    if mend is None:
        return OpenAPI.from_file_path(str(path), config=config)
    about = json.loads(path.read_text("utf-8"))
    mend(about)
    return OpenAPI.from_dict(about, config=config)


def _causes(error: BaseException | None) -> str:
    """What is wrong, in one line: the schema's complaints where there are some."""
    parts: list[str] = []
    while error is not None:
        for complaint in getattr(error, "schema_errors", None) or ():
            where = "/".join(map(str, complaint.absolute_path))
            parts.append(f"{where}: {complaint.message[:300]}")
        last, error = error, error.__cause__
    return "; ".join(parts) or f"{type(last).__name__}: {last}"


class Fields:
    """Contracts that list a call's fields: which there are, and which must be there.

    of: (call) → (given fields, name → required) of the call, or raises Broken.
    """

    def __init__(self, of: Callable[[Call], tuple[dict[str, Any], dict[str, bool]]]):
        self.of = of

    def request(self, call: Call) -> None:
        given, known = self.of(call)
        if unknown := set(given) - set(known):
            raise Broken(f"no such field: {', '.join(sorted(unknown))}")
        if missing := {name for name, must in known.items() if must} - set(given):
            raise Broken(f"field missing: {', '.join(sorted(missing))}")

    def answer(self, call: Call, status: int, body: Any) -> None:
        """These contracts do not describe answers."""


@cache
def telegram() -> dict[str, Any]:
    """Telegram's Bot API."""
    return json.loads((folder() / "telegram" / "api.json").read_text("utf-8"))


def slack_method(name: str) -> dict[str, bool]:
    """The arguments of a Slack method → whether they are needed."""
    path = folder() / "slack" / "method-ref" / f"{name}.json"
    if not path.is_file():
        raise Broken(f"no contract of {name}")
    return {
        argument: bool(about.get("required"))
        for argument, about in json.loads(path.read_text("utf-8"))["args"].items()
    }


@cache
def adaptive_card() -> Any:
    """A validator of Adaptive Cards 1.5."""
    import jsonschema

    schema = json.loads((folder() / "teams" / "adaptive-card-1.5.0.json").read_text("utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


@cache
def graph_type(name: str) -> set[str]:
    """The properties of a type of Microsoft Graph, from its CSDL."""
    import xml.etree.ElementTree as ElementTree

    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    for _, node in ElementTree.iterparse(folder() / "msgraph" / "v1.0-Prod.csdl"):
        if node.tag in (f"{edm}EntityType", f"{edm}ComplexType") and node.get("Name") == name:
            kinds = (f"{edm}Property", f"{edm}NavigationProperty")
            return {one.get("Name") for kind in kinds for one in node.iter(kind)} | {"id"}
    raise KeyError(name)


@cache
def facebook(kind: str, method: str, edge: str | None) -> set[str]:
    """The parameters of a call, from the files of Meta's own SDK."""
    path = folder() / "facebook" / "api_specs" / "specs" / f"{kind}.json"
    for api in json.loads(path.read_text("utf-8"))["apis"]:
        if (api["method"], api.get("endpoint")) == (method, edge):
            return {one["name"] for one in api["params"]}
    raise Broken(f"{kind} has no {method} {edge}")


@cache
def facebook_fields(kind: str) -> set[str]:
    """What may be asked of an object, edges included."""
    path = folder() / "facebook" / "api_specs" / "specs" / f"{kind}.json"
    about = json.loads(path.read_text("utf-8"))
    return {one["name"] for one in about["fields"]} | {
        api["endpoint"] for api in about["apis"] if api.get("endpoint")
    }


@cache
def threads() -> list[tuple[str, re.Pattern[str], set[str]]]:
    """Method, path and known parameters of each request in Meta's Postman collection."""
    file = folder() / "threads" / "threads-api.postman_collection.json"
    found = []

    def walk(items: list[dict[str, Any]]) -> None:
        for item in items:
            if "item" in item:
                walk(item["item"])
                continue
            url = item["request"]["url"]
            path = urlsplit(url["raw"].replace("{{api_host}}", "https://host")).path
            pattern = re.compile(re.sub(r"\{\{\w+\}\}", r"[^/]+", path.rstrip("/")) + r"\Z")
            known = {one["key"] for one in url.get("query", [])}
            found.append((item["request"]["method"], pattern, known))

    walk(json.loads(file.read_text("utf-8"))["item"])
    return found


class Examples:
    """A vendor without a machine-readable contract: documented examples stand for it.

    examples: (method, path pattern) → an example request body or query as documented, with its
    source. What we send may have only fields that occur in the example, with values of the same
    JSON type; `must` names those that the document calls required.
    """

    def __init__(self, examples: dict[tuple[str, str], dict[str, Any]]):
        self.examples = examples

    def request(self, call: Call) -> None:
        for (method, pattern), example in self.examples.items():
            if method == call.method and re.fullmatch(pattern, call.path):
                given = call.json if call.request.body else call.query
                _as_example(given or {}, example["fields"], "")
                if missing := set(example.get("must", ())) - set(given or {}):
                    raise Broken(f"required by {example['source']}: {', '.join(sorted(missing))}")
                self._headers(call, example)
                return
        raise Broken("no documented example of this call")

    def answer(self, call: Call, status: int, body: Any) -> None:
        for (method, pattern), example in self.examples.items():
            if method == call.method and re.fullmatch(pattern, call.path):
                documented = example.get("status", 200)
                if status != documented:
                    raise Broken(f"our own answer: {status} where {documented} is documented")
                _as_example(body or {}, example.get("answer", {}), "answer")

    @staticmethod
    def _headers(call: Call, example: dict[str, Any]) -> None:
        for name, pattern in example.get("headers", {}).items():
            if not re.fullmatch(pattern, call.headers.get(name.lower(), "")):
                raise Broken(f"header {name} is {call.headers.get(name.lower())!r}")


def _as_example(given: Any, example: Any, where: str) -> None:
    if isinstance(example, dict) and isinstance(given, dict):
        if "*" in example:  # any names, such as urns
            for name, value in given.items():
                _as_example(value, example["*"], f"{where}/{name}")
            return
        for name, value in given.items():
            if name not in example:
                raise Broken(f"{where}/{name} is in no documented example")
            _as_example(value, example[name], f"{where}/{name}")
    elif isinstance(example, list) and isinstance(given, list):
        for value in given:
            if example:
                _as_example(value, example[0], f"{where}[]")
    elif type(given) is not type(example) and given is not None:
        raise Broken(f"{where} is {type(given).__name__}, documented as {type(example).__name__}")
