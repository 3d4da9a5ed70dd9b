#!/bin/bash
# PostgreSQL on loopback, without fsync: the data is worth nothing.
#
#   postgres.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"

# out: the folder of the server programs, the newest of those installed.
programs() {
  local newest
  newest=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -1)
  echo "${newest%/initdb}"
}

# It refuses to run as root, so then it runs as the user of the package.
unprivileged() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

install() { [ -n "$(programs)" ] || apt_need postgresql; }

start() {
  local dir=$1 bin port
  bin=$(programs)
  port=$(free_port)
  [ -n "$bin" ] || absent PostgreSQL postgres
  mkdir -p "$dir"
  [ "$(id -u)" = 0 ] && chown postgres "$dir"
  cd "$dir" || die "$dir"
  unprivileged "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
    --no-sync >"$dir/initdb.log" 2>&1 || die "initdb: $(tail -5 "$dir/initdb.log")"
  cat >>"$dir/data/postgresql.conf" <<C
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$dir'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
C
  unprivileged "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 30 start >/dev/null ||
    die "PostgreSQL: $(tail -5 "$dir/log")"
  watch_owner "$HERE/postgres.sh" "$dir"
  echo "URL=postgresql+psycopg://postgres@127.0.0.1:$port/postgres"
}

stop() {
  if [ -f "$1/data/postmaster.pid" ]; then
    unprivileged "$(programs)/pg_ctl" -D "$1/data" -m immediate -w -t 20 stop >/dev/null 2>&1
  fi
  forget "$1"
}

"$@"
