"""The real PDS."""

from tests.networks import REAL, Network


def network(need):
    pds = need("pds")
    account, front = pds.new_account(), need("proxy")(pds)
    return Network(
        "bluesky",
        front,
        f'service = "{front.url}"\nhandle = "{account.handle}"',
        {"ROLECAST_NET_PASSWORD": account.password},
        lambda: [one["value"]["text"] for one in pds.records(account.did)],
        ("POST", "putRecord"),
        REAL,
    )
