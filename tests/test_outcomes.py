"""What applicant systems tell, whose word it is, and who is credited for it."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from rolecast import credit, crediting, hooks, outcomescsv, reports
from rolecast.credit import Facts, Touch, decide, load
from rolecast.ledger import outcomes
from rolecast.outcomes import Outcome, Stage, codes_in, reached, stage_named
from rolecast.web import api, app
from rolecast.web.face import Face
from tests.house import BOARD, make, open_project, publish, site, spec

pytestmark = pytest.mark.both_ledgers

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, no less").decode()
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
CODE = "abcdefgh"


def hexed(secret, text):
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


# Each system as its documents show it; the secret is "s3cret".

GREENHOUSE = {
    "action": "candidate_stage_change",
    "payload": {
        "application": {
            "id": 265277, "rejected_at": None, "prospect": False, "status": "active",
            "applied_at": "2013-03-22T00:00:00Z", "last_activity_at": "2015-02-09T16:38:36Z",
            "source": {"id": 31, "name": CODE},
            "current_stage": {"id": 71416, "name": "Assessment"},
            "candidate": {"id": 265772, "first_name": "Giuseppe", "last_name": "Hurley"},
        }
    },
}  # fmt: skip
LEVER = {
    "triggeredAt": int(AT.timestamp() * 1000), "event": "candidateHired", "token": "t0ken",
    "data": {"opportunityId": "5f3c", "candidateId": "5f3c", "contactId": "77"},
}  # fmt: skip
ASHBY = {
    "action": "candidateStageChange", "webhookActionId": "w1",
    "data": {"application": {
        "id": "a1", "createdAt": "2026-11-01T10:00:00.000Z",
        "updatedAt": "2026-11-20T10:00:00.000Z",
        "source": {"id": "s", "title": CODE}, "candidate": {"name": "Ada Lacey"},
        "currentInterviewStage": {"title": "Offer call", "type": "Offer"}}},
}  # fmt: skip
WORKABLE = {
    "event_type": "candidate_moved", "id": "e1", "fired_at": "2026-11-20T10:00:00Z",
    "resource_type": "candidate",
    "data": {"id": "c1", "name": "Ada Lacey", "stage": "Phone Screen", "tags": [CODE],
             "job": {"shortcode": "GROOV003", "title": "Pilot"}},
}  # fmt: skip


def sent(kind, data, secret="s3cret"):
    """(system, headers, body, what it should say) as the system sends it."""
    body = json.dumps(data).encode()
    headers = {
        "greenhouse": {"signature": f"sha256 {hexed(secret, body)}", "greenhouse-event-id": "g1"},
        "ashby": {"ashby-signature": f"sha256={hexed(secret, body)}"},
        "workable": {"x-workable-signature": hexed(secret, body)},
        "lever": {},
    }[kind]
    if kind == "lever":
        signed = f"{data['token']}{data['triggeredAt']}".encode()
        body = json.dumps(data | {"signature": hexed(secret, signed)}).encode()
    return hooks.TABLE[kind]("s3cret"), headers, body


@pytest.mark.parametrize(
    ("kind", "data", "stage", "application", "code"),
    [
        ("greenhouse", GREENHOUSE, Stage.interviewed, "265277", CODE),
        ("lever", LEVER, Stage.hired, "5f3c", None),
        ("ashby", ASHBY, Stage.offered, "a1", CODE),
        ("workable", WORKABLE, Stage.screened, "c1", CODE),
    ],
)
def test_what_a_system_says(kind, data, stage, application, code):
    system, headers, body = sent(kind, data)
    system.check(headers, body, AT.timestamp())
    (outcome,) = system.read(headers, body).outcomes
    assert (outcome.stage, outcome.application) == (stage, application)
    assert [touch.code for touch in outcome.touches] == ([code] if code else [])
    assert "Hurley" not in outcome.model_dump_json()
    assert "Lacey" not in outcome.model_dump_json()
    forged = sent(kind, data, secret="another")
    with pytest.raises(hooks.Forged):
        system.check(forged[1], forged[2], AT.timestamp())
    if kind != "lever":  # which signs the time and a token, not the body
        with pytest.raises(hooks.Forged):
            system.check(headers, body + b" ", AT.timestamp())


def test_smartrecruiters_signs_as_its_document_shows():
    """The example of developers.smartrecruiters.com, secret keys."""
    system = hooks.SmartRecruiters("HeBVky2bccvvkcXPimH8c")
    headers = {
        "smartrecruiters-signature": "v1=00;v1=2e9291f10d44ca10204a4cd81b05d73b6a316b2b605d4e2e0e"
        "0b37b40198ce1f",
        "smartrecruiters-timestamp": "1574080897",
        "event-id": "123",
        "link": "<http://smartrecruiters.com/endpoint>; rel=self",
        "event-name": "application.created",
        "event-version": "v201910",
    }
    body = b'{"job_id":"jid","candidate_id":"cid"}'
    system.check(headers, body, 1574080897 + 299)
    (outcome,) = system.read(headers, body).outcomes
    assert (outcome.application, outcome.stage) == ("cid:jid", Stage.applied)
    with pytest.raises(hooks.Forged):
        system.check(headers, body, 1574080897 + 301)
    with pytest.raises(hooks.Forged):
        system.check(headers | {"event-id": "124"}, body, 1574080897)
    assert system.answer({"x-hook-secret": "abc"}) == {"X-Hook-Secret": "abc"}
    assert system.answer({}) is None


def test_old_and_future_times_are_refused():
    system, headers, body = sent("lever", LEVER)
    for off in (-301, 301):
        with pytest.raises(hooks.Forged):
            system.check(headers, body, AT.timestamp() + off)


@pytest.mark.parametrize("kind", sorted(set(hooks.TABLE) - {"rolecast"}))
@given(data=st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3),
                            st.dictionaries(st.sampled_from(
                                ["action", "payload", "application", "id", "data", "event", "stage",
                                 "currentInterviewStage", "title", "current_stage", "name",
                                 "event_type", "status", "source", "fired_at", "updatedAt"]),
                                inner, max_size=5)),
    max_leaves=12,
))  # fmt: skip
def test_nothing_that_is_sent_breaks_a_reader(kind, data):
    try:
        hooks.TABLE[kind]("s").read({}, json.dumps(data).encode())
    except hooks.Unreadable as error:
        assert str(error)


@pytest.mark.parametrize(
    ("name", "stage"),
    [("Phone Screen", "screened"), ("On-site interview", "interviewed"), ("Offer", "offered"),
     ("Hired", "hired"), ("Rejected by company", "rejected"), ("Applied", "applied"),
     ("Eingestellt", "hired"), ("Abgelehnt", "rejected"), ("Frobnicated", None), ("", None)],
)  # fmt: skip
def test_names_of_stages(name, stage):
    assert stage_named(name) == (stage and Stage(stage))
    assert stage_named(name, {"frobnicated": "hired"}) == (
        Stage.hired if name == "Frobnicated" else stage and Stage(stage)
    )


def test_codes_are_found_wherever_a_system_keeps_them():
    assert codes_in({"a": ["LinkedIn", f"https://x.example/?ref={CODE}&b=1"]}) == [CODE]
    assert codes_in("abcdefghj", "LINKEDIN", None, 7) == []
    assert reached({Stage.rejected, Stage.interviewed}) is Stage.interviewed
    assert reached({Stage.rejected}) is None


# The API


class Desk:
    """A folder with one live job, its pages, and a system that tells through our own API."""

    def __init__(self, root):
        self.root = make(root, BOARD, pilot=spec())
        publish(self.root)
        self.project = open_project(self.root)
        systems = {"ats": hooks.Rolecast(SECRET), "gh": hooks.Greenhouse("s3cret")}
        self._open = site(self.project, systems=systems)
        self.web = self._open.__enter__()
        with self.project.ledger.read() as conn:
            self.code = conn.exec_driver_sql("select code from links").scalar()

    def tell(self, key="k1", at=None, secret=SECRET, **fields):
        told = {"application": "A-1", "stage": "applied", "at": AT.isoformat()} | fields
        return self.send(json.dumps(told).encode(), key, at, secret)

    def send(self, body, key="k1", at=None, secret=SECRET):
        at = str(int(at or datetime.now(UTC).timestamp()))
        signed = f"{key}.{at}.".encode() + body
        right = hmac.new(base64.b64decode(secret[6:]), signed, hashlib.sha256).digest()
        headers = {
            "webhook-id": key,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(right).decode()}",
        }
        return self.web.post("/api/outcomes", content=body, headers=headers)

    def log(self, application="A-1", source="ats"):
        with self.project.ledger.read() as conn:
            return outcomes.credit_of(conn, source, application)

    def close(self):
        self._open.__exit__(None, None, None)
        self.project.ledger.close()


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.close()


def test_news_find_back_to_their_link(desk):
    assert desk.tell(ref=desk.code).json() == {"taken": 1}
    (row,) = desk.log()
    assert (row.party, row.who, row.link, row.job_id) == ("channel", "board", desk.code, "pilot")
    assert desk.tell("k2", stage="hired").json() == {"taken": 1}
    assert [row.stage for row in desk.log()] == ["applied", "hired"]
    with desk.project.ledger.read() as conn:
        (row,) = reports.by(conn, "channel")
        assert (row.name, row.applied, row.hired) == ("board", 1, 1)
        assert reports.of_jobs(conn)[0][0].hired == 1
        assert reports.by(conn, "moment")[0].applied == 1
        assert reports.by(conn, "variant")[0].applied == 1
        assert reports.of_job(conn, "pilot")[0].applied == 1


def test_news_are_taken_once_in_any_order(desk):
    assert desk.tell("k2", stage="hired", at=None).json() == {"taken": 1}
    assert desk.tell("k1", ref=desk.code).json() == {"taken": 1}
    for key in ("k1", "k2"):
        assert desk.tell(key, stage="started").json() == {"taken": 0}  # the same id
    assert desk.log()[-1].stage == "hired"
    assert desk.log()[-1].link == desk.code


def test_forged_old_and_odd_news_are_refused(desk):
    now = datetime.now(UTC).timestamp()
    other = "whsec_" + base64.b64encode(b"another").decode()
    assert desk.tell(secret=other).status_code == 401
    assert desk.tell(at=now - 301).status_code == 401
    assert desk.tell(at=now + 301).status_code == 401
    assert desk.web.post("/api/outcomes", content=b"{}").status_code == 401
    assert desk.web.post("/api/outcomes/nobody", content=b"{}").status_code == 404
    assert desk.web.get("/api/outcomes").status_code == 405
    assert desk.send(b"x" * 600_000).status_code == 413
    for body in (b"", b"[]", b"\xff", b'{"application": "a"}', b"[" * 100_000):
        answer = desk.send(body, "odd")
        assert answer.status_code == 422, body[:20]
        assert answer.json()["error"]
    assert desk.tell(stage="promoted").status_code == 422
    assert desk.tell(at=None, application="Jane Doe").status_code == 422  # a number, no name
    assert desk.log() == []
    assert "News that could not be read" in desk.web.get("/desk/report").text


def test_a_code_that_was_never_minted_is_left_out(desk):
    assert desk.tell(ref="zzzzzzzz").json() == {"taken": 1}
    assert (desk.log()[0].party, desk.log()[0].link) == ("nobody", None)


def test_a_systems_own_webhook(desk):
    data = json.loads(json.dumps(GREENHOUSE).replace(CODE, desk.code))
    body = json.dumps(data).encode()
    headers = {"Signature": f"sha256 {hexed('s3cret', body)}", "Greenhouse-Event-ID": "g1"}
    for taken in (1, 0):
        answer = desk.web.post("/api/outcomes/gh", content=body, headers=headers)
        assert answer.json() == {"taken": taken}
    assert desk.log("265277", "gh")[0].who == "board"


def test_secrets_come_from_the_environment_and_systems_from_the_settings(tmp_path):
    root = make(tmp_path, BOARD + '[systems.our-ats]\nkind = "lever"\n')
    project = open_project(root)
    assert api.systems_of(project.settings, {}) == {}
    env = {"ROLECAST_SYSTEM_OUR_ATS_SECRET": "x"}
    assert isinstance(api.systems_of(project.settings, env)["our-ats"], hooks.Lever)
    project.ledger.close()


def test_the_report_page_its_table_and_news_by_hand(desk):
    page = desk.web.get("/desk/report").text
    assert 'title="not measured"' in page
    token = page.split('name="token" value="')[1].split('"')[0]
    form = {"token": token, "application": "A-9", "stage": "applied", "ref": desk.code}
    assert "said=" in desk.web.post("/desk/report/tell", data=form).headers["location"]
    assert "known" in desk.web.post("/desk/report/tell", data=form).headers["location"]
    wrong = desk.web.post("/desk/report/tell", data=form | {"application": "Jane Doe"})
    assert (wrong.status_code, 'value="Jane Doe"' in wrong.text) == (422, True)
    assert desk.web.post("/desk/report/tell", data=form | {"token": "x"}).status_code == 403
    assert 'title="not measured"' not in desk.web.get("/desk/report").text
    table = desk.web.get("/desk/report?by=channel&format=csv").text.splitlines()
    assert table[0].startswith("name,human,suspect,bot,applied")
    assert table[1].startswith("board,0,0,0,1,0,0")
    why = desk.web.get("/desk/applications/A-9").text
    assert "Credited: channel board." in why
    for path in ("/desk/applications/none", "/desk/report?by=shoe"):
        assert desk.web.get(path).status_code == 404


@pytest.mark.filterwarnings("ignore")
def test_no_request_brings_the_apis_down(desk):
    """Schemathesis over the description of the outcomes API and of go: no 5xx."""
    import schemathesis
    from hypothesis import HealthCheck, settings

    face = Face(desk.project.ledger, desk.project.settings, desk.root / ".rolecast", gathers=False)
    made = app.create(
        desk.project.ledger, desk.project.settings, desk.project.channels, face=face,
        systems={"ats": hooks.Rolecast(SECRET), "gh": hooks.Greenhouse("s3cret")},
    )  # fmt: skip
    with TestClient(made, raise_server_exceptions=False) as web:
        schema = schemathesis.openapi.from_dict(web.get("/api/openapi.json").json())

        for operation in schema.get_all_operations():
            run = operation.ok()

            @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
            @given(case=run.as_strategy())
            def one(case):
                request = case.as_transport_kwargs(base_url="http://testserver")
                headers = {
                    k: v
                    for k, v in dict(request.get("headers") or {}).items()
                    if str(v).isascii() and str(v).isprintable()
                }
                answer = web.request(
                    request["method"], request["url"], headers=headers,
                    json=request.get("json"), params=request.get("params"), follow_redirects=False,
                )  # fmt: skip
                assert answer.status_code < 500, (case, answer.text)
                if request.get("json") is not None:  # once more, by somebody who may
                    signed = desk.send(json.dumps(request["json"]).encode(), "schema")
                    assert signed.status_code in (200, 422), (case, signed.text)

            one()


# CSV


def test_a_csv_file_is_tried_line_by_line():
    text = (
        "\ufeffCandidate ID;Status;Datum;Quelle\n"
        f"17;Eingestellt;20.11.2026;https://jobs.example/?ref={CODE}\n"
        "18;Frobnicated;20.11.2026;LinkedIn\n"
        "19;Applied;yesterday;\n"
        "Jane Doe;Applied;20.11.2026;\n"
        "\n"
        "20;Applied;2026-11-20T09:00:00Z;LinkedIn\n"
    )
    rows = outcomescsv.read(text, zone="Europe/Berlin")
    assert [(row.line, bool(row.outcome)) for row in rows] == [
        (2, True), (3, False), (4, False), (5, False), (7, True),
    ]  # fmt: skip
    assert rows[0].outcome.at == datetime(2026, 11, 19, 23, tzinfo=UTC)
    assert rows[0].outcome.touches[0].code == CODE
    assert rows[4].outcome.touches == ()
    assert "stages" in rows[1].problem
    assert "yesterday" in rows[2].problem
    assert outcomescsv.read(text)[0].key == outcomescsv.read(text)[0].key
    for bad in ("", "a,b\n1,2\n", "application,stage\n1,applied\n", "x" * 21_000_000):
        with pytest.raises(outcomescsv.CsvProblem):
            outcomescsv.read(bad)


@given(st.text(max_size=300))
def test_no_csv_file_breaks_the_reader(text):
    try:
        outcomescsv.read("application,stage,date\n" + text)
    except outcomescsv.CsvProblem as error:
        assert str(error)


# Credit


def rules(**changes):
    return load("v1").model_copy(update=changes)


def facts(*touches, earlier=None):
    return Facts("A-1", AT, touches, earlier)


def touch(days, who="sky", party="channel", **more):
    return Touch(party, who, None if days is None else AT - timedelta(days=days), **more)


@pytest.mark.parametrize(
    ("changes", "given_facts", "who"),
    [
        ({}, facts(), ""),
        ({}, facts(touch(3, "a"), touch(1, "b")), "b"),
        ({"touch": "first"}, facts(touch(1, "b"), touch(3, "a")), "a"),
        ({}, facts(touch(91)), ""),
        ({"window_days": 100}, facts(touch(91)), "sky"),
        ({}, facts(touch(-1)), ""),
        ({}, facts(touch(None, "untimed"), touch(1, "b")), "untimed"),
        ({"touch": "first"}, facts(touch(None, "untimed"), touch(1, "b")), "b"),
        ({}, facts(touch(20, "kim", "referral"), touch(1, "b")), "kim"),
        ({"referral_first": False}, facts(touch(20, "kim", "referral"), touch(1, "b")), "b"),
        ({}, facts(touch(20, "kim", "referral", parts=("recruiting",)), touch(1, "b")), "b"),
        ({}, facts(touch(3), earlier=AT - timedelta(days=30)), ""),
        ({}, facts(touch(3), earlier=AT - timedelta(days=400)), "sky"),
        ({}, facts(touch(40), earlier=AT - timedelta(days=30)), "sky"),
        ({"earlier_days": 0}, facts(touch(3), earlier=AT - timedelta(days=30)), "sky"),
        ({}, facts(touch(3, "lee", "share", parts=("hiring-manager",))), ""),
    ],
)
def test_who_is_credited(changes, given_facts, who):
    decision = decide(rules(**changes), given_facts)
    assert decision.who == who
    assert decision.steps[-1].startswith("Credited" if who else "Nobody")
    assert decision == decide(rules(**changes), given_facts)


TOUCHES = st.builds(
    touch,
    st.one_of(st.none(), st.integers(-5, 200)),
    st.sampled_from("abcd"),
    st.sampled_from(["channel", "share", "referral"]),
)


@given(st.lists(TOUCHES, max_size=6), st.one_of(st.none(), st.integers(-10, 500)))
def test_credit_goes_to_one_that_counts_or_to_nobody(touches, earlier):
    known = facts(*touches, earlier=None if earlier is None else AT - timedelta(days=earlier))
    for name in ("v1", "v2"):
        decision = decide(load(name), known)
        assert decision.party == "nobody" or any(
            (one.party, one.who) == (decision.party, decision.who) for one in touches
        )
        counting = sum(step.endswith(": counts.") for step in decision.steps)
        assert (decision.party == "nobody") == (counting == 0)


def test_rules_that_cannot_be_used_are_told(tmp_path):
    for name in ("../v1", "none"):
        with pytest.raises(credit.RulesProblem):
            load(name, tmp_path)
    (tmp_path / "mine.toml").write_text('touch = "middle"')
    with pytest.raises(credit.RulesProblem, match=r"mine\.toml: touch"):
        load("mine", tmp_path)


def test_other_rules_are_replayed_before_they_decide(desk):
    day = timedelta(days=1)
    links = [{"code": desk.code, "at": (AT - 100 * day).isoformat()}]
    desk.tell(links=links)
    assert desk.log()[-1].party == "nobody"  # 100 days are too long for v1
    (difference,) = crediting.replay(desk.project.ledger, load("v2"))
    assert (difference.before.party, difference.after.who) == ("nobody", "board")
    assert len(desk.log()) == 1
    assert crediting.adopt(desk.project.ledger, load("v2"), AT) == 1
    assert [row.rules for row in desk.log()] == ["v1", "v2"]
    assert crediting.replay(desk.project.ledger, load("v2")) == []
    assert crediting.adopt(desk.project.ledger, load("v2"), AT) == 0


def test_an_application_is_forgotten_for_good(desk):
    desk.tell(ref=desk.code)
    with desk.project.ledger.begin() as conn:
        assert crediting.find(conn, "A-1") == ("ats", "A-1")
        assert outcomes.forget(conn, "ats", "A-1") == 2
        with pytest.raises(crediting.Unknown):
            crediting.find(conn, "A-1")


# Reports


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Wilson's interval as statsmodels 0.14 gives it: proportion_confint(method="wilson")
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0),
     (50, 1000, 0.0381, 0.0653)],
)  # fmt: skip
def test_intervals(hits, of, low, high):
    found = reports.wilson(hits, of)
    assert found == pytest.approx((low, high), abs=5e-5)


def test_what_is_not_measured_is_not_zero():
    row = reports.Row("=cmd()", 10, 0, 0)
    assert row.rate is None
    assert reports.to_csv([row]).splitlines()[1] == "'=cmd(),10,0,0,,,,,,"
    assert reports.Row("a", 10, 0, 0, 0, 0, 0).rate == 0
    assert reports.Row("a", 2, 0, 0, 5, 0, 0).rate is None  # more came otherwise


def test_an_outcome_needs_a_zone():
    with pytest.raises(ValueError, match="zone"):
        Outcome(application="1", stage="hired", at=datetime(2026, 1, 1))
