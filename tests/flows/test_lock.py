"""The lock holds: the Prefect that is installed is the one that we chose, and its server runs."""

import json
import urllib.request
from importlib.metadata import version

import pytest

pytestmark = pytest.mark.servers


def test_the_locked_prefect_is_installed():
    assert version("prefect") == "3.9.1"


def test_its_server_answers(prefect):
    with urllib.request.urlopen(f"{prefect['PREFECT_API_URL']}/admin/version") as answer:
        assert json.load(answer) == "3.9.1"
