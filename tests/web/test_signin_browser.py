"""Signing in with Chromium: a mail through Postfix, and a provider with pages of its own."""

import re
import time
import uuid

import pytest

from rolecast import oidc as oidc_module
from rolecast import outbox
from rolecast.settings import Oidc
from tests.colleagues import HOUSE, Mailbox, free_port, make, move, served
from tests.house import open_project, publish, spec


def folder(tmp_path, channels=HOUSE):
    """A project that knows at which port it will be served: (project, port)."""
    root, port = make(tmp_path, channels, pilot=spec()), free_port()
    move(root, port)
    publish(root)
    return open_project(root), port


@pytest.fixture
def context(chromium):
    made = chromium.new_context(viewport={"width": 360, "height": 740})
    yield made
    made.close()


def mail_to(postfix, address):
    deadline = time.monotonic() + 15
    while not (found := postfix.mails(address)):
        assert time.monotonic() < deadline, "no mail"
        time.sleep(0.1)
    return found[-1]


def test_a_link_by_mail(postfix, chromium, context, tmp_path):
    mail = f'host = "127.0.0.1"\nport = {postfix.port}'
    channels = HOUSE.replace('host = "127.0.0.1"', mail).replace(
        "ostrelund.example", "example.test"
    )
    project, port = folder(tmp_path, channels)
    kim = f"kim-{uuid.uuid4().hex[:8]}@example.test"
    with served(project, port, sender=outbox.Smtp(project.settings.mail)) as site:
        page = context.new_page()
        page.goto(f"{site.address}/jobs/pilot")
        page.get_by_label("Your mail address at work").fill("kim@elsewhere.example")
        page.keyboard.press("Enter")
        assert "Write your address at example.test" in page.get_by_role("alert").inner_text()
        page.get_by_label("Your mail address at work").fill(kim)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Look into your mail").wait_for()
        link = re.search(r"http\S+/signin/\S+", mail_to(postfix, kim).get_content())[0]
        assert link.startswith(f"{site.address}/signin/")

        other = chromium.new_context().new_page()  # somebody else who has read the mail
        assert other.goto(link).status == 410
        assert "in the browser that asked for it only" in other.get_by_role("alert").inner_text()
        other.context.close()

        again = context.new_page()  # as mail programs open links
        again.goto(link)
        again.get_by_role("button", name=f"Sign in as {kim}").click()
        again.wait_for_url(f"{site.address}/jobs/pilot")
        again.get_by_role("heading", name="Harbour Pilot").wait_for()
        assert page.goto(f"{site.address}/").status == 200  # the first window, too
        assert page.goto(link).status == 410
        session = next(one for one in context.cookies() if one["name"] == "rolecast")
        assert session["httpOnly"] and session["sameSite"] == "Lax"
        assert "rolecast" not in page.evaluate("document.cookie")
    project.ledger.close()


def test_sign_in_with_a_provider(oidc, chromium, context, tmp_path):
    project, port = folder(tmp_path)
    name, secret = oidc.new_client(f"http://127.0.0.1:{port}/signin/oidc/back")
    provider = oidc_module.Provider(
        Oidc(issuer=oidc.url, client_id=name, label="Ostrelund"), secret
    )
    with served(project, port, provider=provider, sender=Mailbox()) as site:
        page = context.new_page()
        page.goto(f"{site.address}/jobs/pilot?x=1")
        page.get_by_role("link", name="Sign in with Ostrelund").click()
        assert page.url.startswith(oidc.url)
        page.locator("input[name=login]").fill("kim")
        page.locator("input[name=password]").fill("x")
        page.get_by_role("button", name="Sign-in").click()
        page.get_by_role("button", name="Continue").click()  # consent
        page.wait_for_url(f"{site.address}/jobs/pilot?x=1")
        page.get_by_role("heading", name="Harbour Pilot").wait_for()
        with project.ledger.read() as conn:
            assert conn.exec_driver_sql("select email from people").scalars().all() == [
                "kim@ostrelund.example"
            ]
        # The second time the provider knows who it is, and nobody new is made.
        context.clear_cookies(name="rolecast")
        page.goto(f"{site.address}/jobs/pilot")
        page.get_by_role("link", name="Sign in with Ostrelund").click()
        page.wait_for_url(f"{site.address}/jobs/pilot")
        with project.ledger.read() as conn:
            assert conn.exec_driver_sql("select count(*) from people").scalar() == 1
        # Who says no there reads so here.
        stranger = chromium.new_context().new_page()
        stranger.goto(f"{site.address}/signin")
        stranger.get_by_role("link", name="Sign in with Ostrelund").click()
        stranger.locator("input[name=login]").fill("eve")
        stranger.locator("input[name=password]").fill("x")
        stranger.get_by_role("button", name="Sign-in").click()
        stranger.get_by_role("link", name="[ Cancel ]").click()
        assert "did not let you in" in stranger.get_by_role("alert").inner_text()
        stranger.context.close()
    project.ledger.close()
