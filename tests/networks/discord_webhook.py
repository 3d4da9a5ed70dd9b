"""Discord's webhooks, held against Discord's own OpenAPI file."""

from tests.networks import Network
from tests.networks.discord import SAYS, Server


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    return Network(
        "discord-webhook",
        front,
        "",
        {"ROLECAST_NET_URL": f"{front.url}/webhooks/300/secret"},
        lambda: [one["content"] for one in server.messages.values()],
        ("POST", "/webhooks/"),
        says=SAYS,
        broken=lambda: server.broken,
    )
