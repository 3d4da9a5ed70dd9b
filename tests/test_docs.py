"""The pages that are made from the code are as the code is."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_made_pages_are_current():
    command = [sys.executable, "-m", "docs.generate", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"run make docs: {done.stdout}{done.stderr}"
