#!/usr/bin/env bash
# The tests set up a PgBouncer in front of PostgreSQL. Installs it where it is missing and that may be done; where it may
# not, the tests name what they skip.
set -euo pipefail

if command -v pgbouncer > /dev/null || [ -x /usr/sbin/pgbouncer ]; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "without Debian's pgbouncer the tests behind a pooler are skipped" >&2
  exit 0
fi
apt-get update -qq
# The package starts a service of its own, with its own settings, which no test needs.
DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends pgbouncer > /dev/null
