"""Mails on their way: put into the ledger with what they are about, sent from there.

A mail is never lost by a crash, and sent at most once more than needed: where the server's answer
is lost, it may have the mail, so only a mail that is useless when it comes twice waits for a
person; a link to sign in is simply asked for again. Address and text go when a mail has gone.
"""

from __future__ import annotations

import contextlib
import os
import random
import smtplib
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from rolecast import settings as s
from rolecast.ledger import Ledger, mails, people
from rolecast.people import new_id, new_secret
from rolecast.render import builtin_templates
from rolecast.words import words

PASSWORD = "ROLECAST_MAIL_PASSWORD"
TIMEOUT = 20.0  # seconds, for each step of the conversation
ANSWER = 120.0  # seconds for the last one: servers look at the whole mail before they answer
TRIES = 8
WAIT = (30, 120, 600, 1800, 3600, 7200, 14400)  # seconds before the next try
POLICY = policy.default.clone(cte_type="7bit")  # whatever the server can do
LEASE = timedelta(minutes=5)  # whoever sends for so long has died
# Nobody asked for these at this moment: they carry an off switch, and go where the person wishes.
ROUND_UPS = ("news", "digest")


class Busy(Exception):
    """The server does not take mails now; the message says why."""


class Rejected(Exception):
    """The server will never take this mail; the message says why."""


class Unclear(Exception):
    """The server may have taken the mail."""


class Sender(Protocol):
    """Hands mails over."""

    def send(self, mail: EmailMessage) -> None:
        """Raises Busy, Rejected or Unclear."""


class Smtp:
    """Hands mails to the server of the settings (RFC 5321)."""

    def __init__(self, settings: s.Mail, password: str = ""):
        self.settings, self._password = settings, password

    def send(self, mail: EmailMessage) -> None:
        """See Sender."""
        ours = self.settings
        safe = ssl.create_default_context()
        try:
            if ours.security == "tls":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    ours.host, ours.port, timeout=TIMEOUT, context=safe
                )
            else:
                server = smtplib.SMTP(ours.host, ours.port, timeout=TIMEOUT)
        except (smtplib.SMTPException, OSError) as error:
            raise Busy(f"the mail server {ours.host} cannot be reached: {error}") from error
        try:
            try:
                if ours.security == "starttls":
                    server.starttls(context=safe)
                if ours.user:
                    server.login(ours.user, self._password)
            except (smtplib.SMTPException, OSError) as error:
                raise Busy(f"the mail server {ours.host} does not let us in: {error}") from error
            _hand_over(server, mail)
        finally:
            server.close()


def smtp(settings: s.Mail, env: Mapping[str, str] = os.environ) -> Smtp:
    """The server of the settings, with the password of the environment."""
    return Smtp(settings, env.get(PASSWORD, ""))


def _hand_over(server: smtplib.SMTP, mail: EmailMessage) -> None:
    """RFC 5321, 3.3. Until DATA nothing has been sent, whatever happens."""
    try:
        (sender,), (to,) = mail["From"].addresses, mail["To"].addresses
        server.ehlo_or_helo_if_needed()
        _expect(*server.mail(sender.addr_spec))
        _expect(*server.rcpt(to.addr_spec))
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code, error.smtp_error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Busy(f"the mail server went away before it took the mail: {error}") from error
    except ValueError as error:  # such as letters that no address has
        raise Rejected(f"the mail cannot be addressed: {error}") from error
    if server.sock:
        server.sock.settimeout(ANSWER)
    try:
        _expect(*server.data(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))))
    except smtplib.SMTPServerDisconnected as error:
        raise Unclear("the mail server went away while it took the mail") from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code, error.smtp_error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Unclear(f"the mail server's answer was lost: {error}") from error
    with contextlib.suppress(smtplib.SMTPException, OSError):
        server.quit()


def _expect(code: int, told: bytes | str) -> None:
    if not 200 <= code < 300:
        raise _refusal(code, told)


def _refusal(code: int, told: bytes | str) -> Exception:
    """What a server's answer means (RFC 5321, 4.2.1)."""
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    if 400 <= code < 500 or code in (530, 535):
        return Busy(f"the mail server asks to try later: {text} ({code})")
    if code < 500:
        return Unclear(f"the mail server's answer makes no sense: {text}")
    return Rejected(f"the mail server does not take this: {text} ({code})")


# Into the ledger


@cache
def _env(language: str) -> Environment:
    env = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(builtin_templates() / "mails"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_translations(words(language), newstyle=True)  # type: ignore[attr-defined]
    return env


def written(kind: str, language: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text of a mail: the first line of its template, and the rest."""
    text = _env(language).get_template(f"{kind}.txt.j2").render(**values)
    subject, _, body = text.strip().partition("\n")
    return one_line(subject), body.strip() + "\n"


def one_line(text: str) -> str:
    """Text without line breaks and control characters: nothing in a name becomes a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def post(
    conn,
    settings: s.Settings,
    kind: str,
    address: str,
    language: str,
    now: datetime,
    *,
    person: str | None = None,
    referral: str | None = None,
    **values: Any,
) -> None:
    """Put a mail into the ledger, in the transaction of what it tells.

    A round-up for a person goes by the way that they have chosen, and its template has `off`,
    the address at which such mails are switched off without signing in, unless it has its own.
    """
    company = settings.company.name or "Rolecast"
    more: dict[str, Any] = {}
    if person and kind in ROUND_UPS:
        way, code = people.way(conn, person, new_secret)
        more = {"via": way}
        more["off"] = f"{settings.company.url.rstrip('/')}/me/off/{code}"
        values.setdefault("off", more["off"])
    subject, body = written(kind, language, {"company": company, **values})
    mails.add(
        conn,
        id=new_id(),
        person_id=person,
        referral_id=referral,
        kind=kind,
        address=address,
        subject=subject,
        body=body,
        made=now,
        next=now,
        **more,
    )


# On their way


def deliver(
    ledger: Ledger,
    sender: Sender,
    settings: s.Mail,
    now: datetime,
    go_on: Callable[[], bool] = lambda: True,
) -> int:
    """Send what is due; answers how many went. go_on: asked before each mail."""
    sent, began = 0, time.monotonic()
    with ledger.begin() as conn:
        mails.release(conn, now - LEASE)
    while go_on():
        at = now + timedelta(seconds=time.monotonic() - began)  # the lease begins with the sending
        with ledger.begin(alone="mails") as conn:
            mail = mails.claim(conn, at)
        if mail is None:
            break
        state, next_try, trouble = _try(sender, settings, mail, at)
        with ledger.begin() as conn:
            mails.finish(conn, mail.id, state, next_try, trouble, at)
        sent += state == "sent"
    return sent


def _try(sender: Sender, settings: s.Mail, mail, now: datetime) -> tuple[str, datetime, str | None]:
    try:
        written_out = message(settings, mail, now)
    except ValueError as error:  # its address is none
        return "failed", now, str(error)
    try:
        sender.send(written_out)
    except Busy as error:
        if mail.tries >= TRIES:
            return "failed", now, str(error)
        wait = WAIT[min(mail.tries, len(WAIT)) - 1] * random.uniform(0.8, 1.2)
        return "waiting", now + timedelta(seconds=wait), str(error)
    except Rejected as error:
        return "failed", now, str(error)
    except Unclear as error:
        return "unknown", now, str(error)
    return "sent", now, None


def message(settings: s.Mail, mail, now: datetime) -> EmailMessage:
    """The mail as it is sent (RFC 5322). The same one has the same number on every try."""
    made = EmailMessage(policy=POLICY)
    name, _, domain = settings.sender.partition("@")
    made["Subject"] = mail.subject
    made["From"] = Address(settings.sender_name, name, domain)
    made["To"] = mail.address
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{mail.id}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"  # no holiday answers (RFC 3834)
    if mail.off:
        made["List-Unsubscribe"] = f"<{mail.off}>"
        if mail.off.startswith("https://"):  # one click is for https only (RFC 8058, 3.1)
            made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(mail.body)
    return made
