#!/bin/bash
# Misago, a forum, from PyPI, with a PostgreSQL and a Redis of its own.
#
#   misago.sh install | start DIR | stop DIR
. "$(dirname "$0")/common.sh"
VENV=$OPT/misago
VERSION=0.39.6

install() {
  apt_need redis-server
  "$HERE/postgres.sh" install
  [ "$(cat "$VENV/.installed" 2>/dev/null)" = $VERSION ] && return 0
  rm -rf "$VENV"
  { python3 -m venv "$VENV" && "$VENV/bin/pip" install -q "misago==$VERSION" gunicorn; } \
    >"$OPT/misago.log" 2>&1 || die "pip install misago failed, see $OPT/misago.log"
  echo $VERSION >"$VENV/.installed"
}

start() {
  local dir=$1 port redis database
  { [ -e "$VENV/.installed" ] && command -v redis-server >/dev/null; } || absent Misago misago
  mkdir -p "$dir/pg" "$dir/media" "$dir/static" "$dir/userdata"
  chmod 755 "$dir/pg"
  database=$(ROLECAST_OWNER='' "$HERE/postgres.sh" start "$dir/pg" | sed -n 's/^URL=//p')
  [ -n "$database" ] || die "PostgreSQL did not start"
  redis=$(free_port)
  spawn "$dir/redis.pid" "$dir/redis.log" \
    redis-server --bind 127.0.0.1 --port "$redis" --save '' --dir "$dir"
  port=$(free_port)
  settings "$dir" "$port" "$redis" "$database"
  cd "$dir" || die cd
  export DJANGO_SETTINGS_MODULE=forum_settings PYTHONPATH=$dir
  users >setup.log 2>&1 || die "Misago's set-up: $(tail -5 setup.log)"
  HOME=$dir spawn "$dir/misago.pid" "$dir/misago.log" \
    "$VENV/bin/gunicorn" -b "127.0.0.1:$port" -w 2 devproject.wsgi:application
  wait_http "http://127.0.0.1:$port/api/threads/" 30 "$dir/misago.pid" ||
    die "Misago: $(tail -5 "$dir/misago.log")"
  watch_owner "$HERE/misago.sh" "$dir"
  echo "URL=http://127.0.0.1:$port"
  echo "USER=careers0"
  echo "PASSWORD=careers-password"
}

# in: folder, port, Redis' port, address of the database server.
settings() {
  cat >"$1/forum_settings.py" <<C
import os
from urllib.parse import urlsplit
os.environ.setdefault("MISAGO_PLUGINS", "")
from devproject.settings import *
_at = urlsplit("$4")
DEBUG = False
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres",
    "USER": _at.username or "postgres", "PASSWORD": _at.password or "",
    "HOST": _at.hostname, "PORT": _at.port}}
CELERY_BROKER_URL = "redis://127.0.0.1:$3/0"
CELERY_TASK_ALWAYS_EAGER = True
MISAGO_ADDRESS = "http://127.0.0.1:$2"
MEDIA_ROOT, STATIC_ROOT = "$1/media", "$1/static"
MISAGO_USER_DATA_DOWNLOADS_WORKING_DIR = "$1/userdata"
MISAGO_AVATAR_GALLERY = None
INSTALLED_APPS = [one for one in INSTALLED_APPS if one != "debug_toolbar"]
MIDDLEWARE = [one for one in MIDDLEWARE if "debug_toolbar" not in one]
C
}

users() {
  "$VENV/bin/python" -m django migrate || return 1
  "$VENV/bin/python" - <<'P'
import django

django.setup()
from misago.users.test import create_test_superuser

for number in range(8):  # one for each process of the tests
    create_test_superuser(f"careers{number}", f"careers{number}@example.test", "careers-password")
P
}

stop() {
  end "$1/misago.pid" KILL
  end "$1/redis.pid" KILL
  [ -d "$1/pg" ] && "$HERE/postgres.sh" stop "$1/pg"
  forget "$1"
}

"$@"
