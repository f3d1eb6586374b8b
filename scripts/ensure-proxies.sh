#!/usr/bin/env bash
# The long tests set up the guide's proxies. Installs those that are missing, where that may be done; where it may not, the
# tests name what they skip.
set -euo pipefail

missing=()
command -v nginx > /dev/null || missing+=(nginx-light)
command -v caddy > /dev/null || missing+=(caddy)
if [ ${#missing[@]} = 0 ]; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "without Debian's ${missing[*]} the tests of those proxies are skipped" >&2
  exit 0
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
