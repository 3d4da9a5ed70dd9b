#!/bin/bash
# DokuWiki (Debian's files) on PHP's own web server, with flat files.
#
#   dokuwiki.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"
FILES=$OPT/dokuwiki
PACKAGES=(php-cli php-xml php-mbstring php-intl php-curl libphp-simplepie php-geshi php-phpseclib
  php-random-compat)

install() {
  apt_need "${PACKAGES[@]}"
  deb_unpack "$FILES" dokuwiki libjs-jquery libjs-jquery-ui libjs-jquery-cookie
}

start() {
  local dir=$1 wiki=$1/w url
  { [ -e "$FILES/.unpacked" ] && command -v php >/dev/null; } || absent DokuWiki dokuwiki
  url=http://127.0.0.1:$(free_port)
  site "$wiki" "$url" || die "setting up DokuWiki failed"
  PHP_CLI_SERVER_WORKERS=4 spawn "$dir/dokuwiki.pid" "$dir/dokuwiki.log" \
    php -d display_errors=0 -d error_reporting=0 -S "${url#http://}" -t "$wiki"
  wait_http "$url/doku.php" 20 "$dir/dokuwiki.pid" || die "DokuWiki: $(tail -5 "$dir/dokuwiki.log")"
  watch_owner "$HERE/dokuwiki.sh" "$dir"
  echo "URL=$url"
  echo "USER=careers"
  echo "PASSWORD=careers-password"
}

# in: folder of the wiki, its address.
site() {
  local wiki=$1
  mkdir -p "$(dirname "$wiki")"
  cp -a "$FILES/usr/share/dokuwiki" "$wiki" || return 1
  rm -rf "$wiki/inc/preload.php" "$wiki/lib/tpl" "$wiki/lib/plugins" "$wiki/.htaccess" \
    "$wiki/conf" "$wiki/data"
  cp -a "$FILES/etc/dokuwiki" "$wiki/conf"
  rm -f "$wiki/conf/acl.auth.php" "$wiki/conf/users.auth.php" "$wiki/conf/local.php"
  cp -a "$FILES/var/lib/dokuwiki/data" "$wiki/data"
  cp -a "$FILES/var/lib/dokuwiki/lib/tpl" "$FILES/var/lib/dokuwiki/lib/plugins" "$wiki/lib/"
  mkdir -p "$wiki/data"/{attic,cache,index,locks,log,media,media_attic,media_meta,meta,pages,tmp}
  cat >"$wiki/conf/local.php" <<C
<?php
\$conf['title'] = 'Test wiki';
\$conf['useacl'] = 1;
\$conf['superuser'] = '@admin';
\$conf['remote'] = 1;
\$conf['remoteuser'] = '@user';
\$conf['baseurl'] = '$2';
\$conf['savedir'] = '$wiki/data';
\$conf['updatecheck'] = 0;
\$conf['dnslookups'] = 0;
\$conf['authtype'] = 'authplain';
\$conf['disableactions'] = 'register';
C
  printf '# acl\n*\t@ALL\t1\n*\t@user\t16\n' >"$wiki/conf/acl.auth.php"
  php -r 'echo "careers:".password_hash("careers-password", PASSWORD_BCRYPT).
    ":Careers:careers@example.test:user\n";' >"$wiki/conf/users.auth.php"
}

stop() {
  end "$1/dokuwiki.pid" KILL
  forget "$1"
}

"$@"
