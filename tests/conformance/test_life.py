"""The life of a post on every network: out, found, changed, looked at, counted, taken down."""

from datetime import timedelta

from connectors.http import Http
from rolecast import desk
from rolecast import publish as engine
from rolecast.connector import Guarantee
from rolecast.ledger import publications
from rolecast.publish import now_utc
from rolecast.verify import verify
from tests.house import drop, open_project, publish, spec, states

SLOT = ("pilot", "net", "announce")


class Account:
    """The connector of a network, as the engine has it, and what the ledger knows."""

    def __init__(self, root, network):
        self.project = open_project(root, network.env)
        self.connector = self.project.channels["net"].connector
        self.http = Http((2, 5))

    def publication(self):
        with self.project.ledger.read() as conn:
            return publications.get(conn, SLOT)

    def close(self):
        self.http.session.close()
        self.project.ledger.close()


def test_out_found_changed_looked_at_counted_and_taken_down(network, tmp_path):
    root = network.make(tmp_path)
    (result,) = publish(root, network.env)
    assert result.ok, result
    account = Account(root, network)
    connector, http, first = account.connector, account.http, account.publication()
    assert len(network.posts()) == 1
    receipt = first.received()
    if connector.can("find"):
        assert connector.find(http, first.sent()).id == receipt.id
        other = first.sent().model_copy(
            update={"link": "https://jobs.example.com/r/zzzzzzzz", "key": "f" * 32, "text": "No"}
        )
        assert connector.find(http, other) is None
    if connector.can("look"):
        assert "You bring the big ships in" in connector.look(http, receipt).says
    if connector.can("count"):
        counted = connector.count(http, [receipt])
        assert set(counted) <= {receipt.id}
    if connector.can("whoami"):
        assert connector.whoami(http)

    drop(root, "pilot", spec(summary="By day only."))
    (result,) = publish(root, network.env)
    there = network.posts()
    if connector.can("edit") and result.ok:
        assert len(there) == 1
        assert "By day only" in there[0].replace("\\", "").replace("&#32;", " ")
    else:
        assert "by hand" in result.reason
        assert "By day only" not in there[0]
    drop(root, "pilot", spec(status="filled"))
    publish(root, network.env)
    latest = account.publication()
    if connector.can("withdraw"):
        assert network.posts() == []
        assert states(root) == {"pilot/net": "withdrawn"}
        connector.withdraw(http, latest.received() or receipt)  # again: no error
        if connector.can("look"):
            assert connector.look(http, latest.received() or receipt) is None
        if connector.can("find") and connector.guarantee is not Guarantee.KEYED:
            assert connector.find(http, first.sent()) is None
    else:
        assert states(root) == {"pilot/net": "held"}
        assert "by hand" in latest.reason
    account.close()


def test_running_twice_makes_one_post(network, tmp_path):
    root = network.make(tmp_path)
    publish(root, network.env)
    assert publish(root, network.env) == []
    assert len(network.posts()) == 1


def test_an_advert_of_every_script_arrives_whole(network, tmp_path):
    """Emoji of several code points, right-to-left, wide letters, and every sort of markup."""
    title = "مهندس 工程师 👩‍🚒 Ops (m/w/d) <b> & *x* _y_ #1 [z](q) {n} ~a~ `c` @all |"
    root = network.make(tmp_path, title=title, tags=[], summary=title)
    results = publish(root, network.env)
    assert [one.reason for one in results] == [None]
    account = Account(root, network)
    if account.connector.can("look"):
        says = account.connector.look(account.http, account.publication().received()).says
        for part in ("مهندس", "工程师", "👩‍🚒"):
            assert part in says
    account.close()


def test_the_account_is_not_who_we_think(network, tmp_path):
    """Wrong credentials hold the channel, and say so in words."""
    root = network.make(tmp_path)
    env = {name: "0123abc:0123abcd" for name in network.env}
    if not network.env:
        return  # it asks for no credentials here
    if any(value.startswith("http") for value in network.env.values()):
        return  # the address itself is the secret: any other is another place
    (result,) = publish(root, env)
    assert result.state == "waiting"
    assert result.reason
    assert network.posts() == []
    project = open_project(root, network.env)
    later = now_utc() + timedelta(hours=2)
    changes = project.plan(now=later, wait=0).plan.changes
    engine.carry_out(
        project.ledger, project.channels, changes, lambda _: Http((2, 5)), clock=lambda: later
    )
    project.ledger.close()
    assert len(network.posts()) == 1


def test_what_somebody_else_did_is_seen_and_put_back(network, tmp_path):
    """Changed there, then taken down there; each is told, and mended when a person says so."""
    root = network.make(tmp_path)
    publish(root, network.env)
    account = Account(root, network)
    connector, http, project = account.connector, account.http, account.project
    if not (connector.can("look") and connector.can("withdraw")):
        account.close()
        return  # nobody can tell there

    def look():
        return [f.kind for f in verify(project.ledger, project.channels, lambda _: http)]

    assert look() == ["fine"]
    assert look() == ["fine"]
    if connector.can("edit"):
        ours = account.publication()
        other = {"text": f"Win a prize!\n{ours.sent().link}", "html": "<p>Win a prize!</p>"}
        theirs = ours.sent().model_copy(update={**other, "title": "Prize"})
        connector.edit(http, ours.received(), theirs)
        assert look() == ["changed"]
        desk.put_back(project.ledger, SLOT, "kim", now_utc())
        (result,) = publish(root, network.env)
        assert result.ok, result.reason
        assert "You bring the big ships in" in network.posts()[0].replace("\\", "")
        assert look() == ["fine"]
    connector.withdraw(http, account.publication().received())
    assert look() == ["gone"]
    assert publish(root, network.env) == []
    desk.put_back(project.ledger, SLOT, "kim", now_utc())
    (result,) = publish(root, network.env)
    assert result.ok, result.reason
    assert len(network.posts()) == 1
    assert look() == ["fine"]
    account.close()
