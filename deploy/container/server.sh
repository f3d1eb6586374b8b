#!/bin/sh
# The upper layer of the image: Node.js and the package, made from the checkout in the working directory, into FOLDER/opt.
#   sh deploy/container/server.sh FOLDER
set -eu

into=$1/opt/discue
mkdir -p "$into/bin"

# What makes the package, the dashboard too. Nothing of it comes along.
npm ci --no-audit --no-fund --loglevel=error
npm run --silent package
npm install --prefix "$into" --no-audit --no-fund --loglevel=error --no-save --omit=dev ./build/discue-*.tgz
# Sources that debuggers show, and what only compilers read.
find "$into/node_modules" \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

# The pinned Node.js without its table of symbols, which is a fifth of it; without headers and npm.
cp node_modules/node/bin/node "$into/bin/node"
if command -v strip > /dev/null; then strip "$into/bin/node"; fi
