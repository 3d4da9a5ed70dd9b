"""The real Misago."""

from tests.networks import REAL, Network


def network(need):
    forum = need("misago")
    front, before = need("proxy")(forum), set(forum.threads())
    return Network(
        "misago",
        front,
        f'url = "{front.url}"\nuser = "{forum.user}"\ncategory = {forum.category}',
        {"ROLECAST_NET_PASSWORD": forum.password},
        lambda: [text for number, text in forum.threads().items() if number not in before],
        ("POST", "/api/threads/"),
        REAL,
    )
