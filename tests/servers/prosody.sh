#!/bin/bash
# Prosody (XMPP) on loopback, with rooms that keep an archive. No TLS: it never leaves the machine.
#
#   prosody.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"

install() { apt_need prosody; }

start() {
  local dir=$1 port
  command -v prosody >/dev/null || absent Prosody prosody
  [ "$(id -u)" = 0 ] || die "Prosody starts as root only, and changes to a user of its own"
  port=$(free_port)
  mkdir -p "$dir/data"
  settings "$dir" "$port"
  chown -R prosody "$dir"
  account "$dir" publisher && account "$dir" reader || die "prosody: $(tail -3 "$dir/accounts.log")"
  spawn "$dir/prosody.pid" "$dir/prosody.log" \
    runuser -u prosody -- prosody -F --config "$dir/prosody.cfg.lua"
  for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.1
  done
  alive "$dir/prosody.pid" || die "prosody: $(tail -3 "$dir/prosody.log")"
  watch_owner "$HERE/prosody.sh" "$dir"
  echo "URL=xmpp://127.0.0.1:$port"
  echo "PORT=$port"
}

# in: folder, name. The password is the name and -password.
account() {
  runuser -u prosody -- prosodyctl --config "$1/prosody.cfg.lua" \
    register "$2" example.test "$2-password" >>"$1/accounts.log" 2>&1
}

# in: folder, port.
settings() {
  cat >"$1/prosody.cfg.lua" <<C
pidfile = "$1/own.pid"; data_path = "$1/data"; prosody_user = "prosody"
interfaces = { "127.0.0.1" }; c2s_ports = { $2 }; s2s_ports = {}; http_ports = {}; https_ports = {}
modules_enabled = { "roster", "saslauth", "disco", "ping", "mam" }
modules_disabled = { "s2s", "offline" }
authentication = "internal_hashed"
c2s_require_encryption = false; allow_unencrypted_plain_auth = true
log = { info = "*console" }
VirtualHost "example.test"
Component "rooms.example.test" "muc"
  muc_room_locking = false
  muc_room_default_persistent = true
  modules_enabled = { "muc_mam" }
  muc_log_by_default = true
C
}

stop() {
  end "$1/prosody.pid"
  forget "$1"
}

"$@"
