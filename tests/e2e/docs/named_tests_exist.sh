#!/usr/bin/env bash
# Each test that the tables of a document name is one of the suite.
# Usage: named_tests_exist.sh DOCUMENT BUILD_FOLDER
set -euo pipefail
document=$1
tests=$(ctest --test-dir "$2" -N | sed -nE 's/^ *Test +#[0-9]+: (.*)$/\1/p')
if grep -q '_NOT_BUILT$' <<<"$tests"; then
  echo "not every test program is built"
  exit 77
fi
named=$(grep '^|' "$document" | grep -oE '`[A-Za-z_]+[._][A-Za-z0-9_.-]+`' | tr -d '`' | sort -u | grep -v '/')
[ "$(wc -l <<<"$named")" -ge 50 ] || { echo "hardly a test is named in $document"; exit 1; }
status=0
while read -r name; do
  # A test with parameters has a prefix or a suffix after a slash.
  grep -qE "(^|/)${name//./\\.}(/|$)" <<<"$tests" || { echo "$document names $name, which is no test"; status=1; }
done <<<"$named"
exit "$status"
