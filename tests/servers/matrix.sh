#!/bin/bash
# Synapse, a Matrix home server, from PyPI, with SQLite.
#
#   matrix.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"
VENV=$OPT/synapse
VERSION=1.163.2

install() {
  [ "$(cat "$VENV/.installed" 2>/dev/null)" = $VERSION ] && return 0
  rm -rf "$VENV"
  mkdir -p "$OPT"
  { python3 -m venv "$VENV" && "$VENV/bin/pip" install -q "matrix-synapse==$VERSION"; } \
    >"$OPT/synapse.log" 2>&1 || die "pip install matrix-synapse failed, see $OPT/synapse.log"
  echo $VERSION >"$VENV/.installed"
}

start() {
  local dir=$1 port
  [ -e "$VENV/.installed" ] || absent Synapse matrix
  port=$(free_port)
  settings "$dir" "$port"
  cd "$dir" || die cd
  "$VENV/bin/python" -m synapse.app.homeserver -c hs.yaml --generate-keys >setup.log 2>&1 ||
    die "keys: $(tail -3 setup.log)"
  spawn "$dir/matrix.pid" "$dir/matrix.log" \
    "$VENV/bin/python" -m synapse.app.homeserver -c "$dir/hs.yaml"
  wait_http "http://127.0.0.1:$port/_matrix/client/versions" 60 "$dir/matrix.pid" ||
    die "Synapse: $(tail -5 "$dir/matrix.log")"
  watch_owner "$HERE/matrix.sh" "$dir"
  echo "URL=http://127.0.0.1:$port"
  echo "SECRET=test-registration"
}

# in: folder, port.
settings() {
  local plenty='{per_second: 1000, burst_count: 1000}'
  cat >"$1/hs.yaml" <<C
server_name: matrix.example.test
public_baseurl: http://127.0.0.1:$2/
pid_file: $1/pid
listeners:
  - {port: $2, bind_addresses: ['127.0.0.1'], type: http, tls: false,
     resources: [{names: [client], compress: false}]}
database: {name: sqlite3, args: {database: $1/hs.db}}
log_config: $1/log.yaml
media_store_path: $1/media
registration_shared_secret: test-registration
macaroon_secret_key: test-macaroon
form_secret: test-form
signing_key_path: $1/signing.key
trusted_key_servers: []
report_stats: false
federation_domain_whitelist: []
enable_registration: false
rc_message: $plenty
rc_login: {address: $plenty, account: $plenty, failed_attempts: $plenty}
C
  cat >"$1/log.yaml" <<'C'
version: 1
formatters: {f: {format: '%(asctime)s %(levelname)s %(name)s %(message)s'}}
handlers: {c: {class: logging.StreamHandler, formatter: f}}
root: {level: WARNING, handlers: [c]}
disable_existing_loggers: false
C
}

stop() {
  end "$1/matrix.pid" KILL
  forget "$1"
}

"$@"
