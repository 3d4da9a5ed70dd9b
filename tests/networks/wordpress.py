"""The real WordPress."""

from tests.networks import REAL, Network


def network(need):
    blog = need("wordpress")
    author, front = blog.new_author(), need("proxy")(blog)
    return Network(
        "wordpress",
        front,
        f'url = "{front.url}"\nuser = "{author.user}"',
        {"ROLECAST_NET_PASSWORD": author.app_password},
        lambda: [one["content"]["raw"] for one in blog.posts(author=author.id)],
        ("POST", "/posts"),
        REAL,
    )
