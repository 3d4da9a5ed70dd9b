# Shared by the server scripts, which source it.
#
# Every script understands
#   NAME.sh install      put the software in place (quick when it is there)
#   NAME.sh start DIR    start from empty in DIR, print KEY=VALUE lines
#   NAME.sh stop DIR     end what start began, delete DIR
#
# Software is kept in $ROLECAST_SERVERS. DIR must be short (unix sockets) and
# open to other users (databases do not run as root). When ROLECAST_OWNER is a
# process id, the server stops by itself once that process is gone.
set -u
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
OPT=${ROLECAST_SERVERS:-$(cd "$HERE/../.." && pwd)/.servers/opt}
PATH=$PATH:/usr/sbin # where Debian keeps mariadbd; not on every user's path

die() { echo "ERROR: $*" >&2; exit 1; }
absent() { echo "$1 is not installed; run tests/servers/install $2" >&2; exit 3; }

# in: package names. out: those of them that are not installed.
missing_packages() {
  local p
  for p in "$@"; do
    dpkg-query -W -f='${Status}\n' "$p" 2>/dev/null | grep -q 'install ok installed' || echo "$p"
  done
}

# in: package names. Installs the missing ones where we may; says so where not.
apt_need() {
  command -v dpkg-query >/dev/null || die "this is not Debian; install the equivalents of: $*"
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" = 0 ] || die "please run: sudo apt-get install --no-install-recommends ${missing[*]}"
  mkdir -p "$OPT"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >>"$OPT/apt.log" 2>&1 || true
  without_daemons apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends \
    "${missing[@]}" >>"$OPT/apt.log" 2>&1 ||
    die "apt-get install ${missing[*]} failed, see $OPT/apt.log"
}

# in: command. The packages' own daemons, which would take the standard ports,
# are not started while it runs.
without_daemons() {
  local policy=/usr/sbin/policy-rc.d ours='' result
  [ -e "$policy" ] || { ours=1; printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod +x "$policy"; }
  "$@"
  result=$?
  [ -z "$ours" ] || rm -f "$policy"
  return $result
}

# in: folder, package names. Unpacks their files there without installing them.
deb_unpack() {
  local dir=$1
  shift
  [ -e "$dir/.unpacked" ] && return 0
  command -v dpkg-deb >/dev/null || die "this is not Debian; $* cannot be unpacked"
  rm -rf "$dir" && mkdir -p "$dir/.debs" && chmod 777 "$dir/.debs"
  (cd "$dir/.debs" && apt-get download -q "$@" >>"$OPT/apt.log" 2>&1) ||
    die "apt-get download $* failed, see $OPT/apt.log"
  local deb
  for deb in "$dir"/.debs/*.deb; do dpkg-deb -x "$deb" "$dir" || die "unpacking $deb"; done
  rm -rf "$dir/.debs" && touch "$dir/.unpacked"
}

# out: a port nobody listens on, below the range outgoing connections use, so
# that a server which comes back later finds its port still free.
free_port() {
  local port
  for _ in $(seq 50); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return 0; }
  done
  die "no free port"
}

# in: pid file, log file, command. Runs it in a session of its own.
spawn() {
  local pidfile=$1 log=$2
  shift 2
  setsid "$@" >>"$log" 2>&1 </dev/null &
  echo $! >"$pidfile"
  disown
}

alive() { [ -f "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

# in: pid file, signal. Ends the session spawn() began, also a paused one.
end() {
  local pid
  [ -f "$1" ] || return 0
  pid=$(cat "$1")
  kill -"${2:-TERM}" -- "-$pid" 2>/dev/null
  kill -CONT -- "-$pid" 2>/dev/null
  for _ in $(seq 100); do
    ps -o stat= --sid "$pid" 2>/dev/null | grep -qv '^Z' || break # a zombie is gone
    sleep 0.05
  done
  kill -KILL -- "-$pid" 2>/dev/null
  rm -f "$1"
}

# in: url, seconds, pid file. Waits for a 200 as long as the process lives.
wait_http() {
  for _ in $(seq $(($2 * 10))); do
    [ "$(curl -s -o /dev/null -m 5 -w '%{http_code}' "$1")" = 200 ] && return 0
    alive "$3" || return 1
    sleep 0.1
  done
  return 1
}

# in: script, folder. Stops the server once ROLECAST_OWNER is gone.
watch_owner() {
  [ -n "${ROLECAST_OWNER:-}" ] || return 0
  spawn "$2/watch.pid" /dev/null bash -c \
    'while kill -0 "$1" 2>/dev/null && [ -d "$3" ]; do sleep 1; done; exec "$2" stop "$3"' \
    watch "$ROLECAST_OWNER" "$1" "$2"
}

# in: folder. Deletes it, then ends its watcher (which may be our caller).
forget() {
  local watcher
  watcher=$(cat "$1/watch.pid" 2>/dev/null)
  rm -rf "$1"
  if [ -n "$watcher" ] && [ "$watcher" != "$$" ]; then kill -- "-$watcher" 2>/dev/null; fi
  return 0
}
