"""Looking at what is live, and counting what it brought, as runs of a real Prefect server."""

import json
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup

from rolecast.connector import Counts
from rolecast.ledger import counts, publications
from tests.flows.test_syndicate import artifacts, ask
from tests.house import make, open_project, site, spec
from tests.networks import bluesky, x

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

CODE = (
    "import sys; from flows.syndicate import syndicate; from flows.collect import collect; "
    "{}collect(sys.argv[1])"
)
PUBLISH = "syndicate(sys.argv[1]); "
BLOG = """
[channels.blog]
connector = "wordpress"
url = "{url}"
user = "{user}"
"""


def collect(env, root, first: str = "") -> dict:
    """Carry the flow out; answers Prefect's run. first: what is done before."""
    command = [sys.executable, "-c", CODE.format(first), str(root)]
    subprocess.run(command, env=env, check=True, timeout=120, capture_output=True)
    body = {
        "flows": {"name": {"any_": ["collect"]}},
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
        "sort": "START_TIME_DESC",
    }
    return ask(env, "flow_runs/filter", body)[0]


def test_it_tells_what_is_not_as_it_should_be(prefect, tmp_path, pds, proxy):
    network = bluesky.network(lambda name: {"pds": pds, "proxy": proxy}[name])
    root = network.make(tmp_path, apply=f"{pds.url}/no/such/page")
    run = collect(prefect | network.env, root, PUBLISH)
    assert run["state"]["message"].startswith("1 of 1 posts as we wrote them; 1 to see")
    (row,) = json.loads(artifacts(prefect, run["id"])["collect-findings"])
    assert (row["job"], row["where"]) == ("pilot", "apply")


@pytest.fixture
def two(wordpress, proxy, tmp_path):
    """A folder with a blog and X: (folder, environment, blog's author, X's network)."""
    servers = []

    def need(name):
        return proxy if name == "proxy" else lambda server: servers.append(server) or server

    network, author = x.network(need), wordpress.new_author()
    settings = network.toml + BLOG.format(url=wordpress.url, user=author.user)
    root = make(tmp_path, settings, pilot=spec(apply={"email": "crew@example.com"}))
    env = network.env | {"ROLECAST_BLOG_PASSWORD": author.app_password}
    yield root, env, author, network
    for server in servers:
        server.stop()
    assert network.broken() == []


def kept(root) -> dict[str, Counts]:
    """Channel → the figures that the ledger has."""
    project = open_project(root)
    with project.ledger.read() as conn:
        posts = {one.id: one.channel for one in publications.everything(conn)}
        found = counts.latest(conn, list(posts))
    project.ledger.close()
    return {posts[id_]: figures for id_, (_, figures) in found.items()}


def shown(root) -> list[str]:
    """What the job's page says of how often its posts were shown."""
    project = open_project(root)
    with site(project) as web:
        table = BeautifulSoup(web.get("/desk/jobs/pilot").text, "html.parser")
    project.ledger.close()
    heading = table.find("th", string="Shown", scope="col")
    column = heading.find_parent("tr").find_all("th").index(heading)
    rows = heading.find_parent("table").tbody.find_all("tr")
    return sorted(row.find_all(["th", "td"])[column].get_text(strip=True) for row in rows)


def comment(wordpress, author, text: str) -> None:
    """A reader of the blog says something, and the blog shows it."""
    (article,) = wordpress.posts(author=author.id)
    who = {"author_name": "Robin", "author_email": "robin@reef.example"}
    said = {"post": article["id"], "content": text, "status": "approved"}
    wordpress.rest("POST", "comments", said | who)


def counting(prefect, run) -> dict[str, str]:
    """The run's tasks that count → how each ended."""
    tasks = ask(prefect, "task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})
    return {one["name"]: one["state_type"] for one in tasks if one["name"].startswith("Count")}


def test_it_keeps_what_the_networks_count(prefect, wordpress, two):
    root, env, author, network = two
    collect(prefect | env, root, PUBLISH)
    comment(wordpress, author, "Is the boat really new?")
    run = collect(prefect | env, root)
    assert counting(prefect, run) == {
        "Count what every post on blog brought": "COMPLETED",
        "Count what every post on net brought": "COMPLETED",
    }
    assert kept(root) == {
        "blog": Counts(comments=1),  # a blog tells of comments only: the rest is not zero
        "net": Counts(impressions=50, clicks=6, likes=3, comments=2, reshares=5),
    }
    assert shown(root) == ["50", "–"]

    # X tells nothing the next time: what it told stays, the blog is counted, and the log says why.
    network.front.fault("status_before", "GET", "/2/tweets", status=503, times=None)
    comment(wordpress, author, "And the crew?")
    run = collect(prefect | env, root)
    assert set(counting(prefect, run).values()) == {"COMPLETED"}
    assert {name: one.comments for name, one in kept(root).items()} == {"blog": 2, "net": 2}
    logs = ask(prefect, "logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}})
    assert any(one["message"].startswith("net: counted 0 of 1 posts") for one in logs)
