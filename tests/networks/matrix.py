"""The real Synapse."""

from tests.networks import REAL, Network


def network(need):
    server = need("matrix")
    member, front = server.new_member(), need("proxy")(server)
    return Network(
        "matrix",
        front,
        f'server = "{front.url}"\nroom = "{member.room}"',
        {"ROLECAST_NET_TOKEN": member.token},
        lambda: server.messages(member),
        ("PUT", "/send/"),
        REAL,
    )
