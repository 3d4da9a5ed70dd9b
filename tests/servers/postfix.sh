#!/bin/bash
# Postfix as an instance of its own on loopback: all mail for example.test lands in a Maildir,
# nothing leaves the machine. bounce@ is refused, greylist@ deferred. Mail for lists.example.test
# goes on to a list server at LMTP_PORT, where there is one.
#
#   postfix.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"

install() { apt_need postfix; }

start() {
  local dir=$1 port
  command -v postfix >/dev/null || absent Postfix postfix
  [ "$(id -u)" = 0 ] || die "Postfix starts as root only"
  port=$(free_port)
  mkdir -p "$dir"/{etc,spool,data,mail}
  groupadd -f vmail
  id vmail >/dev/null 2>&1 || useradd -r -g vmail -d /nonexistent -s /usr/sbin/nologin vmail
  chown postfix "$dir/data"
  chown vmail:vmail "$dir/mail"
  chmod 700 "$dir/data"
  settings "$dir" "$port"
  postfix -c "$dir/etc" start >"$dir/start.log" 2>&1 || die "postfix: $(tail -3 "$dir/start.log")"
  for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.1
  done
  watch_owner "$HERE/postfix.sh" "$dir"
  echo "URL=smtp://127.0.0.1:$port"
  echo "HOST=127.0.0.1"
  echo "PORT=$port"
}

# in: folder, port.
settings() {
  local dir=$1 port=$2
  cat >"$dir/etc/main.cf" <<C
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = $dir/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
myhostname = mail.example.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = example.test
virtual_mailbox_base = $dir/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:$(id -u vmail)
virtual_gid_maps = static:$(getent group vmail | cut -d: -f3)
virtual_minimum_uid = 100
relay_domains = lists.example.test
transport_maps = inline:{lists.example.test=lmtp:[127.0.0.1]:${LMTP_PORT:-1}}
default_transport = error:5.1.1 this test server sends nothing outside
alias_maps =
alias_database =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{ {bounce@example.test = REJECT 5.1.1 no such mailbox}, {greylist@example.test = DEFER 4.7.1 try later} }
smtpd_client_connection_rate_limit = 0
maillog_file_prefixes = $dir
maillog_file = $dir/maillog
message_size_limit = 10485760
C
  # Our port in the place of the standard one, and no chroot.
  sed -e "s/^smtp  *inet .*/127.0.0.1:$port inet n - n - - smtpd/" \
    -e 's/^\([a-z0-9.:]*  *\(inet\|unix\|fifo\)  *[^ ]*  *[^ ]*  *\)y/\1n/' \
    /usr/share/postfix/master.cf.dist >"$dir/etc/master.cf"
  grep -q '^postlog' "$dir/etc/master.cf" ||
    echo 'postlog unix-dgram n - n - 1 postlogd' >>"$dir/etc/master.cf"
  cp -a /etc/postfix/dynamicmaps.cf* /etc/postfix/postfix-files* "$dir/etc/" 2>/dev/null
  return 0
}

stop() {
  [ -d "$1/etc" ] && postfix -c "$1/etc" stop >/dev/null 2>&1
  forget "$1"
}

"$@"
