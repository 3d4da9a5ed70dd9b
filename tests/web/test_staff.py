"""The administrators' page: who is known, who has which role, and who may say so."""

import re

import pytest

from rolecast.people import Role
from tests.colleagues import HOUSE, browser, enter, make, person, token
from tests.house import BOARD, open_project, site

pytestmark = pytest.mark.both_ledgers


@pytest.fixture
def house(tmp_path):
    project = open_project(make(tmp_path, HOUSE))
    with browser(project, "ada") as web:
        project.web = web
        yield project
    project.ledger.close()


def give(web, who, role, **more):
    return web.post(f"/desk/people/{who.id}", data={"role": role, "token": token(web)} | more)


def test_everybody_who_has_signed_in_is_listed_and_found(house):
    person(house, "kim.harbour")
    person(house, "100%_sure")
    html = house.web.get("/desk/people").text
    assert "Kim Harbour" in html and "kim.harbour@ostrelund.example" in html
    assert "3 people" in html
    for search, found in (("harb", "Kim"), ("KIM", "Kim"), ("100%_", "100%"), ("ostrelund", "Kim")):
        page = house.web.get("/desk/people", params={"q": search}).text
        assert found in page
        assert f'value="{search}"' in page
    for search in ("zebra", "%", "_", "'", "k%m"):
        page = house.web.get("/desk/people", params={"q": search}).text
        assert "Kim" not in page
    assert "Nobody is found" in house.web.get("/desk/people?q=zebra").text


def test_more_than_a_page_of_people(house):
    for number in range(55):
        person(house, f"p{number:02}")
    first, second = (house.web.get(f"/desk/people?page={n}&q=o").text for n in (1, 2))
    assert "56 people" in first
    assert first.count("<tr ") == 51
    assert 'href="?q=o&amp;page=2"' in first
    names = [set(re.findall(r"p\d\d@", page)) for page in (first, second)]
    assert not names[0] & names[1]
    assert len(names[0] | names[1]) == 55
    assert house.web.get("/desk/people?page=99").status_code == 200


def test_a_role_is_given_and_taken_and_holds_at_once(house):
    kim = person(house, "kim")
    with browser(house, "kim") as theirs:
        assert theirs.get("/desk").status_code == 403
        answer = give(house.web, kim, "recruiter")
        assert answer.headers["location"] == "/desk/people?said=role_given"
        assert "The role has been changed." in house.web.get(answer.headers["location"]).text
        assert theirs.get("/desk").status_code == 303  # signed out: what they may do is new
        enter(theirs, house, "kim")
        assert theirs.get("/desk").status_code == 200
        assert theirs.get("/desk/people").status_code == 403
        give(house.web, kim, "admin")
        enter(theirs, house, "kim")
        assert theirs.get("/desk/people").status_code == 200
        give(house.web, kim, "employee")
        assert theirs.get("/desk/people").status_code == 303
        enter(theirs, house, "kim")
        assert theirs.get("/desk").status_code == 403


@pytest.mark.parametrize("role", ["", "anyone", "owner", "Admin", "admin ", None])
def test_there_are_three_roles_and_no_others(house, role):
    kim = person(house, "kim")
    form = {"token": token(house.web)} | ({} if role is None else {"role": role})
    answer = house.web.post(f"/desk/people/{kim.id}", data=form)
    assert answer.status_code == 422
    assert "Choose a role." in answer.text
    assert "kim@ostrelund.example" in answer.text  # the list is still there
    assert person(house, "kim").role is Role.employee


def test_nobody_changes_their_own_role(house):
    answer = give(house.web, house.web.person, "employee")
    assert answer.status_code == 422
    assert "Somebody else has to change your own role." in answer.text
    assert person(house, "ada").role is Role.admin


def test_what_the_settings_say_is_changed_there(house):
    rita = person(house, "rita")
    html = house.web.get("/desk/people").text
    assert html.count("by rolecast.toml") == 2
    assert f"/desk/people/{rita.id}" not in html
    answer = give(house.web, rita, "admin")
    assert answer.status_code == 422
    assert "rolecast.toml gives this role" in answer.text
    assert person(house, "rita").role is Role.recruiter


@pytest.mark.parametrize("who", ["nobody", "0" * 16, "%00", "-", "é", "'"])
def test_nobody_of_that_number_is_not_found(house, who):
    answer = house.web.post(
        f"/desk/people/{who}", data={"role": "admin", "token": token(house.web)}
    )
    assert answer.status_code == 404
    assert "There is no such person." in answer.text


@pytest.mark.parametrize("who", ["kim", "rita"])
def test_only_administrators_give_roles(house, who):
    with browser(house, who) as web:
        assert web.get("/desk/people").status_code == 403
        assert give(web, web.person, "admin").status_code == 403
        assert person(house, who).role is not Role.admin
        assert "/desk/people" not in web.get("/").text


def test_names_are_text(house):
    from rolecast.ledger import people

    kim = person(house, "kim")
    with house.ledger.begin() as conn:
        people.change(conn, kim.id, name='<img src=x onerror=alert(1)>"')
    html = house.web.get("/desk/people").text
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;&#34;" in html


def test_where_nobody_signs_in_there_is_one_person(tmp_path):
    project = open_project(make(tmp_path, BOARD))
    with site(project) as web:
        html = web.get("/desk/people").text
        assert "you@localhost" in html
        assert "1 person" in html
        assert "/desk/people" not in web.get("/").text  # nothing to do there
    project.ledger.close()
