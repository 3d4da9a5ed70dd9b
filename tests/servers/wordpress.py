"""A WordPress blog (the real program)."""

import base64
import itertools
import os
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from .base import Server, call, expect

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Author:
    """One user of the blog, with an application password as a connector is given."""

    user: str
    app_password: str
    id: int


class WordPress(Server):
    """``user``/``app_password`` is an editor of the blog at ``url``."""

    script = "wordpress"

    user = property(lambda self: self.facts["USER"])
    app_password = property(lambda self: self.facts["APP_PASSWORD"])
    admin_user = property(lambda self: self.facts["ADMIN_USER"])
    admin_app_password = property(lambda self: self.facts["ADMIN_APP_PASSWORD"])

    def rest(self, method: str, path: str, body=None, **query):
        """One call of the REST API as administrator; the answer, or raises."""
        url = f"{self.url}/wp-json/wp/v2/{path}" + (f"?{urlencode(query)}" if query else "")
        secret = base64.b64encode(f"{self.admin_user}:{self.admin_app_password}".encode()).decode()
        return expect(call(method, url, body, {"Authorization": f"Basic {secret}"}))

    def posts(self, status: str = "any", **query) -> list[dict]:
        """All posts in a status, oldest first; ``query`` narrows (slug=, author=)."""
        found, batch = [], [None]
        while batch:
            batch = self.rest(
                "GET",
                "posts",
                status=status,
                context="edit",
                per_page=100,
                offset=len(found),
                orderby="id",
                order="asc",
                **query,
            )
            found += batch
        return found

    def new_author(self) -> Author:
        """A user of the test's own, so that tests can share the blog."""
        name = f"u{os.getpid()}x{next(_numbers)}x{time.time_ns() % 10**6}"
        made = self.rest(
            "POST",
            "users",
            {
                "username": name,
                "password": f"{name}-password",
                "email": f"{name}@example.test",
                "roles": ["editor"],
            },
        )
        secret = self.rest("POST", f"users/{made['id']}/application-passwords", {"name": "tests"})
        return Author(name, secret["password"], made["id"])
