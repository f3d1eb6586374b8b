#!/usr/bin/env bash
# The long tests set the clock of a server that runs. Installs the library for that where it is missing and may be installed;
# where it may not, those tests say so and are skipped.
set -euo pipefail

if compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' > /dev/null; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "without Debian's libfaketime the tests of clocks that are moved are skipped" >&2
  exit 0
fi
if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libfaketime > /dev/null; }; then
  echo "Debian's libfaketime cannot be had: the tests of clocks that are moved are skipped" >&2
fi
