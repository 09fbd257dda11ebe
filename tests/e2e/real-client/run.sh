#!/usr/bin/env bash
# Runs a script of FOLDER, where setup.sh has put the real clients; exit 77, skipped, where it could not.
# Usage: run.sh FOLDER SCRIPT.mjs [arguments]
set -euo pipefail
cd "${1:?usage: run.sh FOLDER SCRIPT.mjs}"
[ -f state ] || { echo "skipped: the real clients are not there (test real_client.setup)"; exit 77; }
shift
exec node "$@"
