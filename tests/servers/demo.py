"""make demo-networks: the main job with a real Bluesky server and a real WordPress.

Both run on this machine only and are gone, with what was posted, when you press Ctrl-C.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import PDS, ServerUnavailable, WordPress

ROOT = Path(__file__).parents[2]

SETTINGS = """
[company]
name = "Ostrelund Works"
timezone = "Europe/Berlin"
url = "http://127.0.0.1:8080"

[channels.board]
connector = "board"

[channels.bluesky]
connector = "bluesky"
service = "{pds}"
handle = "{handle}"

[channels.blog]
connector = "wordpress"
url = "{blog}"
user = "{user}"

[channels.campus]
connector = "byhand"
where = "University career portal"
route = {{ tags = ["campus"] }}
"""


def main(arguments: list[str]) -> int:
    """Start both servers, make a folder for them, and run `rolecast up` there."""
    print("  starting a Bluesky server and WordPress …", flush=True)
    try:
        with PDS() as pds, WordPress() as blog, tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            shutil.copytree(ROOT / "jobspecs", root / "jobspecs")
            account = pds.new_account()
            settings = SETTINGS.format(
                pds=pds.url, handle=account.handle, blog=blog.url, user=blog.user
            )
            (root / "rolecast.toml").write_text(settings, "utf-8")
            records = f"{pds.url}/xrpc/com.atproto.repo.listRecords?repo={account.did}"
            print(f"  Bluesky's records   {records}&collection=app.bsky.feed.post")
            print(f"  The blog            {blog.url}/", flush=True)
            env = os.environ | {
                "ROLECAST_BLUESKY_PASSWORD": account.password,
                "ROLECAST_BLOG_PASSWORD": blog.app_password,
            }
            command = [sys.executable, "-m", "rolecast", "--root", folder, "up", *arguments]
            return _run(command, env)
    except ServerUnavailable as error:
        print(f"Cannot start the servers: {error}", file=sys.stderr)
        return 1


def _run(command: list[str], env: dict[str, str]) -> int:
    process = subprocess.Popen(command, env=env)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # it got the same Ctrl-C and is stopping in order
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
