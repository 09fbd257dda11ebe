#!/usr/bin/env bash
# Installs and bundles the real clients in FOLDER. Usage: setup.sh FOLDER
# Exit 77 where the packages cannot be fetched, which skips the tests that need them; 1 under CI.
set -euo pipefail
source=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: setup.sh FOLDER}

give_up() {
  echo "the tests against the real client are skipped: $1"
  [ -n "${CI:-}" ] && exit 1
  exit 77
}

mkdir -p "$folder"
state=$(cd "$source" && find . -type f \( -name '*.mjs' -o -name '*.json' \) -not -path './node_modules/*' -not -path './dist/*' \
  -exec sha256sum {} + | sort | sha256sum)
if [ -f "$folder/state" ] && [ "$(cat "$folder/state")" = "$state" ]; then
  echo "the real clients are there already"
  exit 0
fi
rm -rf "$folder/state" "$folder/dist"
(cd "$source" && tar -cf - --exclude=./node_modules --exclude=./dist .) | tar -xf - -C "$folder"
cd "$folder"
command -v npm >/dev/null || give_up "npm is not installed"
npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || { tail -n 5 npm.log; give_up "npm could not fetch @pexip/infinity"; }
npm run --silent build
echo "$state" >state
