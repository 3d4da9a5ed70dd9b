"""Addresses of people and of pages: what is tidied, and what is refused."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecast.people import NotOurs, check_domain, goes_to, name_of, tidy_address
from rolecast.settings import People

KIM = "kim@ostrelund.example"


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "\\/evil.example",
        "https:evil.example", "https:/evil.example", "https://evil.example", "//evil.example/%2f..",
        "javascript:alert(1)", "data:text/html,x", "evil.example", "@evil.example", "", "#x", "?x",
        "/\t/evil.example", "/\n/evil.example", "/\r\nLocation: //evil.example", " //evil.example",
        "\t//evil.example", "/ok\r\nSet-Cookie: a=b", "/\0/evil.example", "/é", "/" + "a" * 2000,
        "/a\\b", "\u2028//evil.example", "ftp://evil.example", "/jobs/x\x7f", "/x y",
    ],
)  # fmt: skip
def test_one_never_ends_up_on_somebody_elses_page(evil):
    assert goes_to(evil) == "/"


@pytest.mark.parametrize(
    "ours", ["/", "/jobs/x?q=%C3%A9&a=b#c", "/%09/evil", "/%0d%0aX:y", "/%2f/x"]
)
def test_one_does_end_up_on_ours(ours):
    assert goes_to(ours) == ours


@given(st.text(max_size=60))
def test_whatever_is_asked_for_stays_with_us(text):
    # As browsers read addresses (WHATWG URL): without tabs and breaks, \\ as /.
    to = goes_to(text).replace("\\", "/")
    read = urlsplit(urljoin("https://ours.example/signin", to))
    assert (read.scheme, read.hostname) == ("https", "ours.example")
    assert to.isascii() and to.isprintable()


@given(st.text(max_size=80))
def test_an_address_is_tidy_or_none_of_ours(text):
    try:
        found = tidy_address(text)
    except NotOurs:
        return
    assert found.isascii() and not re.search(r"[\s<>,;:\\\"()\[\]]", found)
    assert found.count("@") == 1
    assert name_of(found)


def test_a_domain_is_the_whole_domain():
    ours = People(domains=("Ostrelund.example",))
    assert check_domain(ours, KIM) == KIM
    for bad in ("kim@xostrelund.example", "kim@ostrelund.example.", "kim@sub.ostrelund.example"):
        with pytest.raises(NotOurs):
            check_domain(ours, bad)
