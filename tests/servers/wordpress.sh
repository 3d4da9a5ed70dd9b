#!/bin/bash
# WordPress (Debian's files) on PHP's own web server, with its own MariaDB.
#
#   wordpress.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"
FILES=$OPT/wordpress
PACKAGES=(php-cli php-mysql php-gd php-curl php-xml php-mbstring php-intl php-zip mariadb-server)
UNPACKED=(wordpress php-getid3 libjs-cropper libjs-underscore wordpress-theme-twentytwentythree)

install() {
  apt_need "${PACKAGES[@]}"
  deb_unpack "$FILES" "${UNPACKED[@]}"
}

start() {
  local dir=$1
  { [ -e "$FILES/.unpacked" ] && command -v php mariadbd >/dev/null; } ||
    absent "WordPress or MariaDB" wordpress
  mkdir -p "$dir"
  database "$dir"
  site "$dir" "$(free_port)"
  watch_owner "$HERE/wordpress.sh" "$dir"
}

# in: folder. Starts MariaDB there, reached through its socket only.
database() {
  local dir=$1 as=()
  [ "$(id -u)" = 0 ] && { chown mysql "$dir"; as=(--user=mysql); }
  mariadb-install-db --no-defaults "${as[@]}" --datadir="$dir/db" --skip-test-db \
    --auth-root-authentication-method=normal >"$dir/db-install.log" 2>&1 ||
    die "mariadb-install-db: $(tail -5 "$dir/db-install.log")"
  spawn "$dir/db.pid" "$dir/db.log" mariadbd --no-defaults "${as[@]}" --datadir="$dir/db" \
    --skip-networking --socket="$dir/sock" --innodb-flush-log-at-trx-commit=0 \
    --innodb-buffer-pool-size=64M --skip-log-bin
  for _ in $(seq 200); do
    mariadb --no-defaults -uroot -S "$dir/sock" -e \
      "CREATE DATABASE wp CHARACTER SET utf8mb4" >/dev/null 2>&1 && return 0
    alive "$dir/db.pid" || break
    sleep 0.1
  done
  die "MariaDB: $(tail -5 "$dir/db.log")"
}

# in: folder, port. Installs a blog with its users and serves it.
site() {
  local dir=$1 port=$2 web=$1/usr/share/wordpress
  cp -a "$FILES/usr" "$dir/"
  rm -f "$web/.htaccess"
  mkdir -p "$web/wp-content/uploads"
  cp "$HERE/wordpress/wp-config.php" "$web/wp-config.php"
  export WP_TEST_URL=http://127.0.0.1:$port WP_TEST_SOCKET=$dir/sock
  php "$HERE/wordpress/setup.php" "$web" >"$dir/facts" 2>"$dir/setup.log" ||
    die "installing the blog: $(tail -5 "$dir/setup.log")"
  PHP_CLI_SERVER_WORKERS=4 spawn "$dir/wordpress.pid" "$dir/wordpress.log" \
    php -d upload_max_filesize=32M -d post_max_size=32M \
    -S "127.0.0.1:$port" -t "$web" "$HERE/wordpress/router.php"
  wait_http "$WP_TEST_URL/wp-json/" 20 "$dir/wordpress.pid" ||
    die "WordPress: $(tail -5 "$dir/wordpress.log")"
  echo "URL=$WP_TEST_URL"
  cat "$dir/facts"
}

stop() {
  end "$1/wordpress.pid" KILL
  end "$1/db.pid" KILL
  forget "$1"
}

"$@"
