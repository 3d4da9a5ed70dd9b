"""HR writes a job in the browser: the result is the file in the folder, and nothing else."""

import os
import re

import pytest

from rolecast import authoring, history
from tests.colleagues import HOUSE, browser, make, token
from tests.house import open_project, publish, spec

pytestmark = pytest.mark.both_ledgers
TEXT = "# kept\n" + spec(title="Night Nurse: Cardiology", tags=["ward"])


@pytest.fixture
def house(tmp_path):
    make(tmp_path, HOUSE, pilot="# mine\n" + spec() + "# the end\n")
    publish(tmp_path)
    project = open_project(tmp_path)
    with browser(project, "rita") as web:
        web.root, web.project = tmp_path, project
        web.token = token(web)
        yield web
    project.ledger.close()


def send(web, to="/desk/write", what="save", **fields):
    return web.post(to, data={"token": web.token, "what": what, **fields})


def field(html: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', html)[1]


def test_a_new_job_becomes_a_file_that_the_next_run_publishes(house):
    answer = send(house, text=TEXT.replace("\n", "\r\n"))
    assert answer.headers["location"] == "/desk?said=spec_saved"
    file = house.root / "jobspecs/night-nurse-cardiology.yaml"
    assert file.read_text("utf-8") == TEXT
    assert [r.state for r in publish(house.root)] == ["live"]
    told = history.of_job(house.project.ledger, "night-nurse-cardiology")
    assert ("written", "rita@ostrelund.example") in [(one.what, one.who) for one in told]
    again = send(house, text=TEXT)
    assert again.status_code == 422
    assert "There is a night-nurse-cardiology.yaml already" in again.text
    assert "Cardiology" in again.text  # nothing that was typed is lost


def test_problems_are_shown_by_line_and_nothing_is_saved(house):
    wrong = TEXT.replace("title: 'Night", "title: Night").replace("Cardiology'", "Cardiology")
    answer = send(house, text=wrong, name="night-nurse")
    assert answer.status_code == 422
    assert "Line 2" in answer.text
    assert "Write instead:" in answer.text
    assert sorted(os.listdir(house.root / "jobspecs")) == ["pilot.yaml"]


def test_previews_are_what_would_be_posted(house):
    html = send(house, "/desk/write/look", text=TEXT).text
    assert "You bring the big ships in" in html
    assert 'aria-label="board"' in html
    assert "<html" not in html
    with house.project.ledger.read() as conn:
        assert conn.exec_driver_sql("select count(*) from publications").scalar() == 1


def test_a_file_is_edited_where_it_stands_and_comments_stay(house):
    html = house.get("/desk/write?edit=pilot").text
    file = house.root / "jobspecs/pilot.yaml"
    os.chmod(file, 0o640)
    text = file.read_text("utf-8").replace("Harbour Pilot", "Senior Harbour Pilot")
    form = {"text": text, "path": field(html, "path"), "before": field(html, "before")}
    assert send(house, **form).status_code == 303
    assert file.read_text("utf-8") == text
    assert file.stat().st_mode & 0o777 == 0o640
    assert "# mine" in text
    answer = send(house, **form)  # somebody, we ourselves, has changed it since it was opened
    assert answer.status_code == 422
    assert "Somebody has changed pilot.yaml meanwhile" in answer.text


def test_another_begins_from_an_old_one(house):
    html = house.get("/desk/write?from=pilot").text
    assert "Harbour Pilot" in html
    assert field(html, "path") == ""
    assert house.get("/desk/write?from=nobody").status_code == 404


@pytest.mark.parametrize(
    "path", ["../rolecast.toml", "../../etc/passwd", "/etc/passwd.yaml", ".hidden.yaml", "x.txt"]
)
def test_nothing_outside_of_the_folder_is_written(house, path):
    before = sorted(str(one) for one in house.root.rglob("*") if ".rolecast" not in str(one))
    answer = send(house, text=TEXT, path=path, before="0" * 64)
    assert answer.status_code == 422
    assert sorted(str(o) for o in house.root.rglob("*") if ".rolecast" not in str(o)) == before


def test_two_at_once_make_one_file_and_one_sentence(house):
    made = authoring.write(house.root / "jobspecs", "a.yaml", TEXT, None)
    with pytest.raises(authoring.NotPossible, match="already"):
        authoring.write(house.root / "jobspecs", "a.yaml", TEXT, None)
    assert made.read_text("utf-8") == TEXT
    assert sorted(os.listdir(made.parent)) == ["a.yaml", "pilot.yaml"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Night Nurse (m/w/d)", "night-nurse-m-w-d"),
        ("Büroleitung für Straßenbau", "buroleitung-fur-strassenbau"),
        ("软件测试", "new-job"),
        ("x" * 60, "new-job"),
    ],
)
def test_names_of_files(title, name):
    assert authoring.name_of(title) == name
    assert authoring.path_of(name) == f"{name}.yaml"


@pytest.mark.parametrize("text", ["", "\0", "title: [", "x" * 280_000, "a: &a [*a]", "\ud800"])
def test_rubbish_gets_sentences(house, text):
    answer = send(house, "/desk/write/look", text=text.encode("utf-8", "replace"))
    assert answer.status_code == 200
    assert "Line 1" in answer.text


def test_employees_do_not_write(house):
    with browser(house.project, "kim") as web:
        assert web.get("/desk/write").status_code == 403
        assert web.post("/desk/write", data={"token": token(web)}).status_code == 403
