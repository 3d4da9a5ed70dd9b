#!/bin/bash
# GNU Mailman (Debian's core) with its REST API, behind a Postfix of its own: mail to
# NAME@lists.example.test goes to the members of that list, and into its archive.
#
#   mailman.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"
MASTER=/usr/lib/mailman3/bin/master

install() { apt_need postfix mailman3; }

start() {
  local dir=$1 rest lmtp mail
  [ -x "$MASTER" ] || absent Mailman mailman
  [ "$(id -u)" = 0 ] || die "Mailman starts as root only, and changes to a user of its own"
  rest=$(free_port) lmtp=$(free_port)
  mkdir -p "$dir/mail" "$dir/list"
  mail=$(LMTP_PORT=$lmtp "$HERE/postfix.sh" start "$dir/mail") || exit $?
  settings "$dir/list" "$rest" "$lmtp" "${mail##*PORT=}"
  chown -R list:list "$dir/list"
  spawn "$dir/mailman.pid" "$dir/mailman.log" \
    runuser -u list -- env HOME="$dir/list" "$MASTER" -C "$dir/list/mailman.cfg"
  for _ in $(seq 300); do
    curl -sf -m 5 -u admin:admin-password "http://127.0.0.1:$rest/3.1/system/versions" \
      >/dev/null && (exec 3<>"/dev/tcp/127.0.0.1/$lmtp") 2>/dev/null && break
    alive "$dir/mailman.pid" || die "Mailman: $(tail -5 "$dir/mailman.log")"
    sleep 0.2
  done
  curl -sf -u admin:admin-password "http://127.0.0.1:$rest/3.1/domains" \
    -d mail_host=lists.example.test || die "Mailman: $(tail -5 "$dir/mailman.log")"
  watch_owner "$HERE/mailman.sh" "$dir"
  echo "$mail"
  echo "API=http://127.0.0.1:$rest/3.1"
}

# in: folder, ports of the REST interface, of LMTP, of the mail server.
settings() {
  cat >"$1/mailman.cfg" <<C
[mailman]
layout: here
site_owner: postmaster@example.test
[paths.here]
var_dir: $1/var
queue_dir: \$var_dir/queue
bin_dir: /usr/lib/mailman3/bin
list_data_dir: \$var_dir/lists
log_dir: \$var_dir/logs
lock_dir: \$var_dir/locks
data_dir: \$var_dir/data
cache_dir: \$var_dir/cache
etc_dir: \$var_dir/etc
messages_dir: \$var_dir/messages
archive_dir: \$var_dir/archives
template_dir: \$var_dir/templates
pid_file: \$var_dir/master.pid
lock_file: \$lock_dir/master.lck
[database]
class: mailman.database.sqlite.SQLiteDatabase
url: sqlite:///\$DATA_DIR/mailman.db
[webservice]
hostname: 127.0.0.1
port: $2
admin_user: admin
admin_pass: admin-password
[mta]
incoming: mailman.mta.null.NullMTA
outgoing: mailman.mta.deliver.deliver
smtp_host: 127.0.0.1
smtp_port: $4
lmtp_host: 127.0.0.1
lmtp_port: $3
[archiver.prototype]
enable: yes
[archiver.mail_archive]
enable: no
[archiver.mhonarc]
enable: no
C
  local runner
  for runner in digest nntp bounces command retry; do
    printf '[runner.%s]\nstart: no\n' $runner >>"$1/mailman.cfg"
  done
}

stop() {
  end "$1/mailman.pid"
  "$HERE/postfix.sh" stop "$1/mail"
  forget "$1"
}

"$@"
