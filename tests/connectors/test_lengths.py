"""Lengths as the networks count them: their own vectors, and cases from their documents.

X: twitter-text's conformance file (github.com/twitter/twitter-text, validate.yml, Apache-2.0), in
which links count 23, and configuration v3 (docs.x.com/fundamentals/counting-characters): letters
outside of Latin count 2, an emoji 2 however many code points it has. Mastodon:
StatusLengthValidator's own tests. Bluesky: what the PDS answered. Threads: developers.facebook.com/
docs/threads/posts. Telegram: core.telegram.org/api/entities#entity-length.
"""

import pytest

from connectors import TABLE

SETTINGS = {
    "x": {"handle": "a"},
    "bluesky": {"handle": "a"},
    "mastodon": {"server": "https://mastodon.example"},
    "threads": {"handle": "a"},
    "telegram": {"chat": "@a"},
}
FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("name", "text", "length"),
    [
        ("x", "This is a test.", 15),
        ("x", "http://test.com", 23),
        ("x", "https://test.com", 23),
        ("x", "test.com", 23),
        ("x", "Test https://test.com test https://test.com test.com test", 86),
        ("x", "저찀쯿쿿", 8),
        ("x", "H🐱☺", 5),
        ("x", FAMILY, 2),
        ("x", "e\u0301", 1),  # é in two code points: counted in its composed form
        ("x", "のの" * 70, 280),
        ("x", "🐱" * 140, 280),
        ("bluesky", FAMILY * 10, 10),
        ("bluesky", "e\u0301", 1),
        ("bluesky", "x" * 301, 301),
        ("mastodon", "https://example.com/" + "a" * 100, 23),
        ("mastodon", "hello @alice@mastodon.example", 12),
        ("mastodon", "✨" * 500, 500),
        ("mastodon", FAMILY, 1),
        ("threads", "Hello", 5),
        ("threads", "🎉", 4),
        ("threads", "é", 1),
        ("telegram", "a", 1),
        ("telegram", "🎉", 2),
        ("telegram", "é", 1),
    ],
)
def test_the_length_is_the_networks(name, text, length):
    assert TABLE[name](**SETTINGS[name]).measure(text) == length


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_the_longest_form_that_fits_fits(name, tmp_path):
    """A post just within the limit is rendered whole; one more letter takes a shorter form."""
    from rolecast.channels import Channel
    from rolecast.jobspec import JobSpec
    from rolecast.render import Renderer, RenderProblem
    from rolecast.settings import Policy, Route

    connector = TABLE[name](**SETTINGS[name])
    channel = Channel("net", connector, Route(), Policy())
    link = "https://jobs.example.com/r/abcdefgh"

    def render(words: str):
        spec = JobSpec.model_validate(
            {
                "id": "a", "title": "Pilot", "company": "O", "description": "Ships. " * 9,
                "locations": [{"city": "B", "country": "DE"}], "apply": "https://a.example/b",
                "words": {"net": words},
            }
        )  # fmt: skip
        return Renderer().render(spec, channel, "announce", link)

    room = connector.limit - connector.measure(render("x").text) + 1
    fits = next(
        render("x" * size) for size in range(room, 0, -1) if "x" * size in render("x" * size).text
    )
    assert connector.limit - 25 <= connector.measure(fits.text) <= connector.limit
    assert link in fits.text
    with pytest.raises(RenderProblem, match="too long for net: the shortest form has"):
        render("x" * 5000)
