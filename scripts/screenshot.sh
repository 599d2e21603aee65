#!/bin/sh
# screenshot.sh PAGE.html PICTURE.png [WIDTH HEIGHT]: the top of a page as a picture, in Chromium without a screen.
# For the README: ./cipu bench overhead && scripts/screenshot.sh overhead.html docs/images/overhead.png
set -eu
if [ $# != 2 ] && [ $# != 4 ]; then
  sed -n '2,3s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
command -v chromium >/dev/null || {
  echo "screenshot.sh: chromium is not here (Debian: apt-get install chromium)" >&2
  exit 3
}
page=$(cd "$(dirname "$1")" && pwd -P)/$(basename "$1")
# an empty profile, so that nobody's settings show
profile=$(mktemp -d "${TMPDIR:-/tmp}/cipu-screenshot.XXXXXX")
trap 'rm -rf "$profile"' EXIT
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --hide-scrollbars --force-device-scale-factor=1 \
  --user-data-dir="$profile" --window-size="${3:-1280},${4:-900}" --virtual-time-budget=5000 \
  --screenshot="$2" "file://$page" 2>"$profile/log" || {
  cat "$profile/log" >&2
  exit 1
}
