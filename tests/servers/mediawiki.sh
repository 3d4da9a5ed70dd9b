#!/bin/bash
# MediaWiki (Debian's files) on PHP's own web server, with SQLite.
#
#   mediawiki.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"
FILES=$OPT/mediawiki
PACKAGES=(php-cli php-intl php-mbstring php-xml php-sqlite3 php-gd php-curl)
BOT_PASSWORD=0123456789abcdef0123456789abcdef # bot passwords have 32 characters

install() {
  apt_need "${PACKAGES[@]}"
  deb_unpack "$FILES" mediawiki mediawiki-classes
}

start() {
  local dir=$1 wiki=$1/w url
  { [ -e "$FILES/.unpacked" ] && command -v php >/dev/null; } || absent MediaWiki mediawiki
  mkdir -p "$dir/data"
  cp -a "$FILES/usr/share/mediawiki" "$wiki"
  rm -f "$wiki/LocalSettings.php" "$wiki/images" "$wiki/config" "$wiki/extensions"
  ln -s extensions-core "$wiki/extensions"
  mkdir "$wiki/images"
  url=http://127.0.0.1:$(free_port)
  site "$dir" "$wiki" "$url" >"$dir/setup.log" 2>&1 || die "setting up: $(tail -5 "$dir/setup.log")"
  PHP_CLI_SERVER_WORKERS=4 spawn "$dir/mediawiki.pid" "$dir/mediawiki.log" \
    php -S "${url#http://}" -t "$wiki"
  wait_http "$url/api.php?action=query&meta=siteinfo&format=json" 30 "$dir/mediawiki.pid" ||
    die "MediaWiki: $(tail -5 "$dir/mediawiki.log")"
  watch_owner "$HERE/mediawiki.sh" "$dir"
  echo "URL=$url"
  echo "USER=Careers@rolecast"
  echo "PASSWORD=$BOT_PASSWORD"
}

# in: folder, folder of the wiki, its address. Makes the wiki and the bot.
site() {
  cd "$2" || return 1
  php maintenance/install.php --dbtype sqlite --dbpath "$1/data" --dbname wiki --server "$3" \
    --scriptpath "" --lang en --pass Admin-Password-1 "Test wiki" Admin || return 1
  cat >>LocalSettings.php <<'C'
$wgMainCacheType = CACHE_NONE;
$wgJobRunRate = 0;
$wgEnableEmail = false;
$wgGroupPermissions['*']['edit'] = false;
$wgPasswordAttemptThrottle = [];
$wgRateLimits = [];
C
  php maintenance/createAndPromote.php --bot Careers Careers-Password-1 || return 1
  php maintenance/createBotPassword.php --appid rolecast \
    --grants basic,highvolume,editpage,createeditmovepage Careers "$BOT_PASSWORD"
}

stop() {
  end "$1/mediawiki.pid" KILL
  forget "$1"
}

"$@"
