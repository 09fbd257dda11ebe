#!/usr/bin/env bash
# The tables of tape.sql are those of the dump of its version: who changes them makes a new version, and who
# makes a version leaves a dump of it. That this is found out is shown on changes of all kinds.
# Usage: versions.sh TAPE_SQL FIXTURES
set -euo pipefail
tape_sql=$1
fixtures=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# definitions SQL_FILE: everything of the format that SQLite knows
definitions() {
  rm -f "$folder/tape"
  sqlite3 "$folder/tape" <"$1" >/dev/null
  sqlite3 "$folder/tape" "PRAGMA application_id; PRAGMA user_version; PRAGMA page_size;
    SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
}

# holds SQL_FILE: there is a dump of every version up to its own, and the last one has these tables
holds() {
  local made version older
  made=$(definitions "$1") || return
  version=$(sed -n 's/^PRAGMA user_version = \([0-9]*\);$/\1/p' "$1")
  for ((older = 1; older <= version; older++)); do
    [ -f "$fixtures/v$older/tape.sql" ] || return
  done
  [ "$made" = "$(definitions "$fixtures/v$version/tape.sql")" ]
}

if ! holds "$tape_sql"; then
  echo "tape.sql is not what fixtures/tapes has of its version: make it a new version, with a dump of its own"
  exit 1
fi

# finds SED: with this change it does not hold any more
finds() {
  sed "$1" "$tape_sql" >"$folder/changed.sql"
  if cmp -s "$tape_sql" "$folder/changed.sql"; then
    echo "this changes nothing: $1"
    failed=1
  elif holds "$folder/changed.sql" 2>/dev/null; then
    echo "this change is not found: $1"
    failed=1
  fi
}

finds 's/recv_ns       INTEGER/received_ns   INTEGER/'           # a column with another name
finds 's/complete      INTEGER NOT NULL/complete      INTEGER/'   # a rule less
finds 's/^) STRICT;/);/'                                          # types that are not checked
finds 's/) STRICT, WITHOUT ROWID;/) STRICT;/'                     # another way to store rows
finds 's/-- length of the body/-- of the body/'                   # a word that explains
finds 's/^CREATE INDEX .*//'                                      # an index less
finds 's/frames (recv_ns)/frames (recv_ns, connection_id)/'       # another index
finds '$a CREATE TABLE more (x INTEGER) STRICT;'                  # a table more
finds 's/^CREATE TABLE gaps/CREATE TABLE holes/'                  # a table with another name
finds 's/page_size = 65536/page_size = 4096/'                     # other pages
finds 's/application_id = 0x7470646b/application_id = 0x7470646c/' # another kind of file
finds 's/user_version = 1;/user_version = 2;/'                    # a version without a dump
exit "$failed"
