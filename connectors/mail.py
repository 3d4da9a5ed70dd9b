"""A newsletter: job adverts to a mailing list, over SMTP.

Sources: RFC 5321 (SMTP; 4.5.3.2.6 for the answer after DATA), RFC 5322 (messages), RFC 2369 and
RFC 8058 (List-Unsubscribe); tried against Postfix 3.7.

Everything that is published at one time goes out as one mail. A mail cannot be looked for,
changed or taken back: where the answer to its sending is lost, only a person can tell.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from rolecast.connector import (
    Connector,
    Guarantee,
    Http,
    OutcomeUnknown,
    Receipt,
    Refused,
    Unauthorised,
    Unavailable,
)
from rolecast.post import Post

TIMEOUT = 30.0  # seconds, for each step of the conversation


class Mail(Connector):
    """Sends one mail to one list for all jobs that are published together."""

    name: ClassVar[str] = "mail"
    label: ClassVar[str] = "newsletter"
    guarantee: ClassVar[Guarantee] = Guarantee.BLIND
    together: ClassVar[bool] = True
    voice: ClassVar[str] = "mail"

    host: str = Field(description="The mail server that takes our mail.")
    port: int = Field(587, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is protected; none only on one machine."
    )
    user: str | None = Field(None, description="Name to sign in with, where the server asks.")
    password: SecretStr | None = Field(
        None,
        description="Password of that name.",
        json_schema_extra={"how": "From whoever runs the mail server.", "optional": True},
    )
    sender: str = Field(description="From whom: careers@example.com.")
    sender_name: str = Field("", description="The sender's name as people see it.")
    list: str = Field(description="Address of the mailing list.")
    unsubscribe: str = Field(
        description="Where one leaves the list: https://… (one click, RFC 8058) or mailto:…."
    )

    def publish(self, http: Http, post: Post) -> Receipt:
        return self.publish_together(http, [post])[0]

    def publish_together(self, http: Http, posts: Sequence[Post]) -> Sequence[Receipt]:
        mail = self.message(posts)
        self._send(mail, self.list)
        return [Receipt(id=f"{mail['Message-ID']}#{post.key}") for post in posts]

    def audience(self) -> str | None:
        return f"{self.sender}, the sender"

    def rehearse(self, http: Http, post: Post) -> Receipt | None:
        mail = self.message([post])
        mail.replace_header("To", self.sender)
        self._send(mail, self.sender)
        return Receipt(id=mail["Message-ID"])

    def _send(self, mail: EmailMessage, to: str) -> None:
        with self._server() as server:
            try:
                server.send_message(mail, self.sender, [to])
            except smtplib.SMTPException as error:
                raise _error(error) from error
            except OSError as error:  # the connection, while the mail was on its way
                raise OutcomeUnknown("the mail server went away while it took the mail") from error

    def whoami(self, http: Http) -> str:
        with self._server() as server:
            server.noop()
        return f"{self.sender} to {self.list}, by {self.host}"

    def message(self, posts: Sequence[Post]) -> EmailMessage:
        """The mail, text and HTML."""
        first = posts[0]
        mail = EmailMessage()
        more = f" (+{len(posts) - 1})" if len(posts) > 1 else ""
        mail["Subject"] = f"{first.title}{more}"
        name, _, domain = self.sender.partition("@")
        mail["From"] = Address(self.sender_name, name, domain)
        mail["To"] = self.list
        if first.made_at:
            mail["Date"] = format_datetime(first.made_at)
        # The same posts give the same number, by which a receiver can know a second one.
        keys = hashlib.blake2b("".join(p.key for p in posts).encode(), digest_size=16).hexdigest()
        mail["Message-ID"] = f"<{keys}@{domain}>"
        mail["List-Unsubscribe"] = f"<{self.unsubscribe}>"
        if self.unsubscribe.startswith("https://"):
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content("\n\n———\n\n".join(post.text for post in posts))
        mail.add_alternative("\n<hr>\n".join(post.html for post in posts), subtype="html")
        return mail

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """A conversation in which we are signed in; nothing has been sent before."""
        safe = ssl.create_default_context()
        try:
            if self.security == "tls":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    self.host, self.port, timeout=TIMEOUT, context=safe
                )
            else:
                server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
            if self.security == "starttls":
                server.starttls(context=safe)
            if self.user:
                server.login(self.user, self.password.get_secret_value() if self.password else "")
        except smtplib.SMTPAuthenticationError as error:
            raise Unauthorised(f"{self.host} does not let {self.user} in") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"the mail server {self.host} cannot be reached: {error}") from error
        try:
            yield server
        finally:
            server.close()


def _error(error: smtplib.SMTPException) -> Exception:
    """What the server's answer means for the mail. Codes: RFC 5321, 4.2.1."""
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return OutcomeUnknown("the mail server went away while it took the mail")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, told = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, told = error.smtp_code, error.smtp_error
    else:
        return OutcomeUnknown(f"the mail server's answer makes no sense: {error}")
    words = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    if code in (530, 535):
        return Unauthorised(f"the mail server does not let us send: {words}")
    if 400 <= code < 500:
        return Unavailable(f"the mail server asks to try later: {words}", 900)
    if code < 500:
        return OutcomeUnknown(f"the mail server's answer makes no sense: {words}")
    return Refused(f"the mail server does not take this: {words} ({code})")
