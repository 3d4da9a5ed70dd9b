"""The real Prosody. Its faults are those of a stream: tests/connectors/test_xmpp.py."""

import uuid

from tests.networks import REAL, Network


def settings(port, room):
    return (
        f'jid = "publisher@example.test"\nroom = "{room}"\nhost = "127.0.0.1"\n'
        f'port = {port}\nsecurity = "none"'
    )


def new_room():
    return f"jobs-{uuid.uuid4().hex[:8]}@rooms.example.test"


def network(need):
    server, room = need("prosody"), new_room()
    return Network(
        "xmpp",
        None,
        settings(server.port, room),
        {"ROLECAST_NET_PASSWORD": "publisher-password"},
        lambda: server.says(room),
        ("", ""),
        REAL,
    )
