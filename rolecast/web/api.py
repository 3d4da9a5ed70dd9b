"""Where applicant systems tell what became of applications: POST /api/outcomes."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rolecast import credit, crediting, hooks
from rolecast.ledger import events
from rolecast.outcomes import Outcome
from rolecast.publish import now_utc
from rolecast.settings import Settings, system_secret
from rolecast.web.pages import Site

LONGEST = 512 * 1024  # bytes of one webhook; none is told of more than one application
PATH = "/api/outcomes"
GO = {
    "200": "Here it is",
    "302": "To where one applies; the click is kept",
    "404": "No link or job of ours",
    "410": "Nobody can apply any more",
    "429": "Too many codes that do not exist were asked for from this network",
}


def systems_of(settings: Settings, env: Mapping[str, str] = os.environ) -> dict[str, hooks.System]:
    """Name → system, for those whose secret is set."""
    return {
        name: hooks.TABLE[one.kind](secret, dict(one.stages))
        for name, one in settings.systems.items()
        if (secret := env.get(system_secret(name)))
    }


def routes(site: Site, systems: Mapping[str, hooks.System], rules: credit.Rules) -> list[Route]:
    """POST /api/outcomes for systems that use our own API, /api/outcomes/NAME for all, and the
    API's description."""
    own = {name: one for name, one in systems.items() if isinstance(one, hooks.Rolecast)}

    async def tell(request: Request) -> Response:
        name = request.path_params.get("name")
        asked = {name: systems[name]} if name in systems else {} if name else own
        if not asked:
            return _no(404, f"no system {name!r} is set up" if name else "no system is set up")
        headers = {key: value for key, value in request.headers.items()}
        for system in asked.values():
            if greeting := system.answer(headers):
                return JSONResponse({"taken": 0}, headers=greeting)
        body = await _body(request)
        if body is None:
            return _no(413, f"one piece of news is never larger than {LONGEST // 1024} KB")
        found = _whose(asked, headers, body)
        if found is None:
            return _no(401, "the signature, or its time, is not right")
        return await run_in_threadpool(_take, site, rules, *found, headers, body)

    def description(request: Request) -> Response:
        return JSONResponse(openapi(site.settings.company.url))

    return [
        Route(PATH, tell, methods=["POST"]),
        Route(PATH + "/{name}", tell, methods=["POST"]),
        Route("/api/openapi.json", description),
    ]


async def _body(request: Request) -> bytes | None:
    found = bytearray()
    try:
        async for part in request.stream():
            found += part
            if len(found) > LONGEST:
                return None
    except ClientDisconnect:
        return b""
    return bytes(found)


def _whose(
    asked: Mapping[str, hooks.System], headers: Mapping[str, str], body: bytes
) -> tuple[str, hooks.System] | None:
    for name, system in asked.items():
        try:
            system.check(headers, body, time.time())
        except (hooks.Forged, hooks.Unreadable):
            continue
        return name, system
    return None


def _take(
    site: Site,
    rules: credit.Rules,
    name: str,
    system: hooks.System,
    headers: Mapping[str, str],
    body: bytes,
) -> Response:
    try:
        told = system.read(headers, body)
    except hooks.Unreadable as error:
        with site.ledger.begin() as conn:  # for the desk: somebody has to look at it
            events.add(conn, [events.Event("", now_utc(), name, "unreadable", str(error))])
        return _no(422, str(error))
    days = site.settings.people.promise_days
    count = crediting.take(site.ledger, name, told.key, told.outcomes, rules, now_utc(), days)
    return JSONResponse({"taken": count})


def _no(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status)


@cache
def openapi(url: str) -> dict[str, Any]:
    """The API's description (OpenAPI 3.1)."""
    schema = Outcome.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = schema.pop("$defs", {})
    said = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
    taken = {"type": "object", "properties": {"taken": {"type": "integer"}}, "required": ["taken"]}

    def answers(**more: str) -> dict[str, Any]:
        found = {"200": ("Taken; 0: known already, or of no meaning here", taken)}
        errors = {
            "401": "Not signed by the system, or not now",
            "404": "No such system",
            "413": "Too large",
            "422": "Signed, and not what it should be",
        } | more
        found |= {status: (text, said) for status, text in errors.items()}
        return {
            status: {"description": text, "content": {"application/json": {"schema": shape}}}
            for status, (text, shape) in found.items()
        }

    def header(name: str, text: str) -> dict[str, Any]:
        return {
            "name": name, "in": "header", "required": True, "description": text,
            "schema": {"type": "string"},
        }  # fmt: skip

    signed = [
        header("webhook-id", "The sender's own number; the same one is taken once"),
        header("webhook-timestamp", "Seconds since 1970, at most 300 off"),
        header("webhook-signature", "v1,BASE64 of HMAC-SHA256 over id.timestamp.body"),
    ]
    ours = {"application/json": {"schema": {"$ref": "#/components/schemas/Outcome"}}}
    theirs = {"application/json": {"schema": {"type": "object"}}}
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}

    def page(text: str, parameter: str, *statuses: str) -> dict[str, Any]:
        return {
            "get": {
                "summary": text,
                "parameters": [name | {"name": parameter}],
                "responses": {status: {"description": GO[status]} for status in statuses},
            }
        }

    return {
        "openapi": "3.1.0",
        "info": {"title": "Rolecast: links and outcomes", "version": "1"},
        "servers": [{"url": url}],
        "paths": {
            "/r/{code}": page("Follow a link", "code", "302", "404", "410", "429"),
            "/r/{code}+": page("See where a link leads", "code", "200", "404", "429"),
            "/public/jobs/{id}": page("A job", "id", "200", "404", "410"),
            PATH: {
                "post": {
                    "summary": "What became of an application (Standard Webhooks)",
                    "parameters": signed,
                    "requestBody": {"required": True, "content": ours},
                    "responses": answers(),
                }
            },
            PATH + "/{name}": {
                "post": {
                    "summary": "An applicant system's own webhook",
                    "parameters": [name],
                    "requestBody": {"required": True, "content": theirs},
                    "responses": answers(),
                }
            },
        },
        "components": {"schemas": {"Outcome": schema, **parts}},
    }
