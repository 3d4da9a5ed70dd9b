"""The real Postfix. Its faults are SMTP's own: tests/connectors/test_mail.py."""

import uuid

from tests.networks import REAL, Network


def settings(host, port, to):
    return (
        f'host = "{host}"\nport = {port}\nsecurity = "none"\n'
        f'sender = "careers@example.test"\nsender_name = "Ostrelund Works"\nlist = "{to}"\n'
        'unsubscribe = "https://lists.example.test/leave"'
    )


def network(need):
    server, to = need("postfix"), f"jobs-{uuid.uuid4().hex[:8]}@example.test"
    return Network(
        "mail",
        None,
        settings(server.host, server.port, to),
        {},
        lambda: [mail.get_body(("plain",)).get_content() for mail in server.mails(to)],
        ("", ""),
        REAL,
    )
