#!/usr/bin/env bash
# `cat` and `info` of the tape of each format version against what stands beside its dump.
# Usage: info_and_cat.sh TAPEDECK FIXTURES; UPDATE_GOLDEN=1 rewrites info.txt and info.json.
set -euo pipefail
tapedeck=$1
fixtures=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failed=0

# same NAME EXPECTED ACTUAL: two files are equal
same() {
  diff -u "$2" "$3" && return
  echo "$1 differs"
  failed=1
}

# exits CODE COMMAND...: it does, and says one sentence on stderr and nothing on stdout
exits() {
  local code=$1 got=0
  shift
  "$@" >out 2>err || got=$?
  [ "$got" -eq "$code" ] && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] && return
  echo "exit $got instead of $code from: $*"
  cat out err
  failed=1
}

for version in "$fixtures"/v*; do
  tape=$(basename "$version").tape
  sqlite3 "$tape" <"$version/tape.sql"
  "$tapedeck" cat "$tape" >body.sse
  same "cat $tape" "$version/body.sse" body.sse
  "$tapedeck" info "$tape" >info.txt
  "$tapedeck" info "$tape" --json >info.json
  for file in info.txt info.json; do
    [ -z "${UPDATE_GOLDEN:-}" ] || cp "$file" "$version/$file"
    same "$file of $tape" "$version/$file" "$file"
  done
done

tape=v1.tape
"$tapedeck" cat "$tape" --connection 2 >second.sse
printf 'id: 18\nevent: stage\ndata: []\n\n' >expected.sse
same "cat --connection 2" expected.sse second.sse
for connection in 1 2 3; do "$tapedeck" cat "$tape" --connection "$connection"; done >joined.sse
same "the connections one after the other" "$fixtures/v1/body.sse" joined.sse

exits 2 "$tapedeck" cat "$tape" --connection 4
exits 2 "$tapedeck" cat "$tape" --connection 0
exits 2 "$tapedeck" cat "$tape" more
exits 2 "$tapedeck" cat
exits 2 "$tapedeck" info
exits 3 "$tapedeck" cat missing.tape
exits 3 "$tapedeck" info "$fixtures/v1/body.sse"

sqlite3 "$tape" "DELETE FROM marks WHERE kind = 'closed'"
"$tapedeck" info "$tape" >info.txt
grep -q 'not closed: the recording was cut off; nothing committed is lost' info.txt || {
  echo "info does not say that the tape was not closed"
  failed=1
}
"$tapedeck" info "$tape" --json | grep -q '"closed":false,"recording":false' || {
  echo "info --json does not say that the tape was not closed"
  failed=1
}
# A damaged frame ends both, after what could be read.
sqlite3 "$tape" "UPDATE frames SET connection_id = -1 WHERE seq = 2"
exits 3 "$tapedeck" info "$tape"
"$tapedeck" cat "$tape" >body.sse 2>err && failed=1
head -c 14 "$fixtures/v1/body.sse" >expected.sse
same "cat of a damaged tape" expected.sse body.sse
exit "$failed"
