"""Teams' Workflows webhook: cards held against Microsoft's JSON Schema of Adaptive Cards 1.5.

The answer, 202 without a number, is documented at learn.microsoft.com/microsoftteams/platform/
webhooks-and-connectors/how-to/add-incoming-webhook.
"""

from tests.networks import Network
from tests.networks.contracts import adaptive_card
from tests.networks.standin import Broken, StandIn, route


class Cards:
    def request(self, call):
        body = call.json
        if set(body) != {"type", "attachments"} or body["type"] != "message":
            raise Broken("not a message with attachments")
        for attachment in body["attachments"]:
            if attachment["contentType"] != "application/vnd.microsoft.card.adaptive":
                raise Broken(attachment["contentType"])
            wrong = list(adaptive_card().iter_errors(attachment["content"]))
            if wrong:
                raise Broken(str(wrong[0])[:500])

    def answer(self, call, status, body):
        if (status, body) != (202, None):
            raise Broken("a workflow answers 202 and nothing else")


class Server(StandIn):
    contract = Cards()

    def __init__(self):
        super().__init__()
        self.cards = []

    @route("POST", "/workflows/secret")
    def post(self, call):
        (attachment,) = call.json["attachments"]
        card = attachment["content"]
        texts = [block["text"] for block in card["body"]]
        self.cards.append("\n".join([*texts, card["actions"][0]["url"]]))
        return 202, None


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    return Network(
        "teams",
        front,
        "",
        {"ROLECAST_NET_URL": f"{front.url}/workflows/secret"},
        lambda: server.cards,
        ("POST", "/workflows/"),
        broken=lambda: server.broken,
    )
