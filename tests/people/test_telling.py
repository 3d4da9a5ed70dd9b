"""Round-ups by Slack and Teams, held to the vendors' contracts; what cannot go there is mailed."""

import pytest

from connectors import TABLE
from connectors.http import Http
from rolecast import news, outbox, telling
from rolecast.connector import OutcomeUnknown, Unauthorised, Unavailable
from rolecast.ledger import mails, notices, people
from tests.colleagues import HOUSE, Mailbox, person
from tests.house import make, spec
from tests.networks import slack, teams_graph
from tests.people.deeds import AT, DAY, house

pytestmark = pytest.mark.both_ledgers
TEXT = "News & <more>\n\n- Kim's bonus\n  https://jobs.example/jobs/pilot?a=1&b=2"
LATER = AT + DAY


@pytest.fixture
def project(tmp_path):
    made = house(make(tmp_path, HOUSE, pilot=spec()))
    kim = person(made, "kim").id
    with made.ledger.begin() as conn:
        people.change(conn, kim, tells="slack")
        notices.add(conn, kim, "question", AT, "pilot", text="<b>cold</b>?")
    news.mail(made.ledger, made.settings, LATER)
    yield made
    made.ledger.close()


class Chat:
    """Takes what it is told, or raises what it is given."""

    def __init__(self, *errors):
        self.errors, self.told = list(errors), []

    def tell(self, address, text):
        if self.errors:
            raise self.errors.pop(0)
        self.told.append((address, text))


def deliver(project, chat, at=LATER):
    return telling.deliver(project.ledger, {"slack": chat} if chat else {}, at)


def counts(project):
    with project.ledger.read() as conn:
        return mails.counts(conn)


def mailed(project, at=LATER):
    box = Mailbox()
    outbox.deliver(project.ledger, box, project.settings.mail, at)
    return len(box.mails)


def test_who_chose_a_chat_is_told_there_once_and_not_by_mail(project):
    chat = Chat()
    assert mailed(project) == 0
    assert deliver(project, chat) == 1
    assert deliver(project, chat) == 0
    ((address, text),) = chat.told
    assert address == "kim@ostrelund.example"
    assert "Somebody asks about “Harbour Pilot”: <b>cold</b>?" in text
    assert "/me/off/" in text
    assert counts(project) == {"sent": 1}


def test_who_is_not_there_or_has_no_chat_any_more_is_mailed(project):
    assert deliver(project, None) == 0
    assert mailed(project) == 1


@pytest.mark.parametrize("error", [Unavailable("away", 120), Unauthorised("renew the token")])
def test_a_chat_that_is_away_is_tried_again_and_in_the_end_mailed(project, error):
    chat = Chat(error)
    assert deliver(project, chat) == 0
    assert deliver(project, chat, LATER + DAY / 24 / 3600) == 0  # too early
    assert deliver(project, chat, LATER + DAY) == 1
    for days in range(12):
        assert deliver(project, Chat(error), LATER + days * DAY) == 0
    assert counts(project) == {"sent": 1}


def test_a_chat_that_stays_away_gives_way_to_mail(project):
    for days in range(outbox.TRIES):
        assert deliver(project, Chat(Unavailable("away")), LATER + days * DAY) == 0
    assert mailed(project, LATER + 20 * DAY) == 1


@pytest.mark.parametrize("error", [OutcomeUnknown("lost"), KeyError("odd answer")])
def test_what_may_have_been_told_is_not_told_again(project, error):
    chat = Chat(error)
    assert deliver(project, chat) == 0
    assert deliver(project, chat, LATER + DAY) == 0
    assert mailed(project, LATER + DAY) == 0
    assert counts(project) == {"unknown": 1}


# The networks


def connector(kind, server, **more):
    prefix = "api" if kind == "slack" else "v1.0"
    return TABLE[kind].model_validate({"api": f"{server.url}/{prefix}", "channel": "C1", **more})


@pytest.fixture
def standin():
    made = []
    yield lambda server: made.append(server) or server
    for one in made:
        one.stop()
        assert one.broken == []


def test_slack_tells_a_person_by_their_address(standin):
    server = standin(slack.Server())
    channel, http = connector("slack", server, token="xoxb-token"), Http((2, 5))
    channel.tell(http, "kim@ostrelund.example", TEXT)
    ((_, sent),) = server.messages.items()
    assert sent["channel"] == "W012A3CDE"
    assert sent["text"].startswith("News &amp; &lt;more&gt;\n\n- Kim's bonus")
    with pytest.raises(telling.Refused):
        channel.tell(http, "nobody@ostrelund.example", TEXT)
    with pytest.raises(Unauthorised):
        connector("slack", server, token="old").tell(http, "kim@ostrelund.example", TEXT)
    assert len(server.messages) == 1


def test_teams_tells_a_person_in_a_chat_of_two(standin):
    server = standin(teams_graph.Server())
    channel, http = connector("teams-graph", server, token="token", team="t"), Http((2, 5))
    for _ in range(2):
        channel.tell(http, "kim@ostrelund.example", TEXT)
    assert len(server.chats) == 1
    assert [who for who, _ in server.told] == ["kim@ostrelund.example"] * 2
    content = server.told[0][1]
    assert content.startswith("News &amp; &lt;more&gt;<br><br>- Kim's bonus<br>")
    assert '<a href="https://jobs.example/jobs/pilot?a=1&amp;b=2">' in content
    with pytest.raises(telling.Gone):
        channel.tell(http, "o'nobody@ostrelund.example", TEXT)
