#!/bin/bash
# mastodon_mock, from PyPI: Mastodon's API as other people understood it. No Mastodon server.
#
#   mastodon.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"
VENV=$OPT/mastodon-mock
VERSION=0.6.1

install() {
  [ "$(cat "$VENV/.installed" 2>/dev/null)" = $VERSION ] && return 0
  rm -rf "$VENV"
  mkdir -p "$OPT"
  { python3 -m venv "$VENV" && "$VENV/bin/pip" install -q "mastodon_mock==$VERSION"; } \
    >"$OPT/mastodon-mock.log" 2>&1 ||
    die "pip install mastodon_mock failed, see $OPT/mastodon-mock.log"
  echo $VERSION >"$VENV/.installed"
}

start() {
  local dir=$1 port
  [ -e "$VENV/.installed" ] || absent mastodon_mock mastodon
  port=$(free_port)
  cd "$dir" || die cd
  spawn "$dir/mastodon.pid" "$dir/mastodon.log" "$VENV/bin/mastodon_mock" serve --in-memory \
    --host 127.0.0.1 --port "$port" --domain "127.0.0.1:$port" --log-level warning
  wait_http "http://127.0.0.1:$port/api/v1/instance" 30 "$dir/mastodon.pid" ||
    die "mastodon_mock: $(tail -5 "$dir/mastodon.log")"
  watch_owner "$HERE/mastodon.sh" "$dir"
  echo "URL=http://127.0.0.1:$port"
  echo "TOKEN=mock_token"
}

stop() {
  end "$1/mastodon.pid" KILL
  forget "$1"
}

"$@"
