#!/usr/bin/env bash
# The tests of the dashboard drive Debian's Chromium. Installs it where it is missing and may be installed.
set -euo pipefail

if [ -x /usr/bin/chromium ]; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "the tests of the dashboard need /usr/bin/chromium: install Debian's package chromium" >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium > /dev/null
