#!/usr/bin/env bash
# Bad input of any kind gets one sentence on stderr, nothing on stdout and the right exit code.
# Usage: bad_input.sh TAPEDECK. TAPEDECK_SLOWDOWN: so many times as long may the command take.
set -uo pipefail
tapedeck=$(realpath "$1")
slowdown=${TAPEDECK_SLOWDOWN:-1}
work=$(mktemp -d)
servers=()
trap 'kill "${servers[@]}" 2>/dev/null; chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
passed=0
failed=0

# refuses EXIT PATTERN ARGUMENT... : the command ends with EXIT and one sentence that matches PATTERN.
refuses() {
  local want=$1 pattern=$2 exit
  shift 2
  timeout "$((60 * slowdown))" "$tapedeck" "$@" >out 2>err </dev/null
  exit=$?
  local lines
  lines=$(wc -l <err)
  if [ "$exit" -eq "$want" ] && [ "$lines" -eq 1 ] && [ ! -s out ] && grep -qiE -- "$pattern" err; then
    passed=$((passed + 1))
    return
  fi
  failed=$((failed + 1))
  printf 'FAIL tapedeck %s\n  exit %s, expected %s; expected one line like /%s/; stderr:\n' "$*" "$exit" "$want" "$pattern"
  sed 's/^/    /' err
  [ ! -s out ] || { echo '  stdout:'; head -c 300 out | sed 's/^/    /'; }
}

printf 'data: 1\n\n' >body.sse
"$tapedeck" record body.sse -o good.tape 2>/dev/null || { echo "cannot make a tape to test with"; exit 1; }
: >empty
printf 'this is not a tape\n' >text
mkdir folder
cp good.tape newer.tape && sqlite3 newer.tape 'PRAGMA user_version = 999' >/dev/null
sqlite3 foreign.db 'CREATE TABLE t(x)' >/dev/null
head -c 3000 good.tape >cut.tape

for command in replay events state verify info cat; do
  extra=()
  [ "$command" = replay ] && extra=(--null)
  refuses 3 "missing.tape" "$command" missing.tape "${extra[@]}"
  refuses 3 "empty" "$command" empty "${extra[@]}"
  refuses 3 "text.*not a tape|not a tape.*text" "$command" text "${extra[@]}"
  refuses 3 "foreign.db" "$command" foreign.db "${extra[@]}"
  refuses 3 "newer" "$command" newer.tape "${extra[@]}"
  refuses 2 "TAPE" "$command"
  refuses 2 "unrecogni" "$command" good.tape --no-such-option
  [ "$command" = verify ] || refuses 3 "folder" "$command" folder "${extra[@]}"
  case "$command" in verify | replay) continue ;; esac
  refuses 2 "too many" "$command" good.tape good.tape surplus "${extra[@]}"
done
refuses 3 "cut.tape" cat cut.tape
refuses 3 "missing.tape" diff good.tape missing.tape
refuses 2 "B is missing|missing" diff good.tape
refuses 2 "too many" diff good.tape good.tape good.tape

refuses 2 "no command 'nonsense'" nonsense
refuses 2 "unrecogni.*'--x%option%'" info '--x%option%'
refuses 3 "missing.sse" parse missing.sse
refuses 3 "folder" parse folder
refuses 2 "too many" parse body.sse body.sse

refuses 3 "exists.*--overwrite" record body.sse -o good.tape
refuses 3 "missing.sse" record missing.sse -o new.tape
refuses 3 "folder" record folder -o new.tape
refuses 2 "output" record body.sse
refuses 2 "SOURCE|missing" record -o new.tape
refuses 2 "one SOURCE is recorded at a time" record body.sse surplus -o new.tape
refuses 2 "duration" record body.sse -o new.tape --for soon
refuses 3 "nowhere" record body.sse -o nowhere/new.tape
refuses 3 "folder" record body.sse -o folder
refuses 3 "connect|refused" record http://127.0.0.1:1/events -o new.tape
refuses 2 "ftp|scheme|http" record ftp://127.0.0.1/events -o new.tape
[ ! -e new.tape ] || { echo "FAIL a refused recording left new.tape behind"; failed=$((failed + 1)); }
if [ "$(id -u)" -ne 0 ]; then
  mkdir read-only && chmod a-w read-only
  refuses 3 "read-only" record body.sse -o read-only/new.tape
fi

refuses 2 "speed" replay good.tape --null --speed fast
refuses 2 "duration" replay good.tape --null --from soon
refuses 2 "listen|address|port" replay good.tape --listen nonsense
refuses 2 "listen|address|port" replay good.tape --listen 127.0.0.1:99999
refuses 2 "" simulate
refuses 2 "" simulate --participants many --stdout
refuses 2 "" state good.tape --at 1s --seq 1
refuses 2 "" events good.tape --as client-99

"$tapedeck" replay good.tape --listen 127.0.0.1:0 >listening 2>/dev/null &
servers+=($!)
for _ in $(seq "$((100 * slowdown))"); do grep -q listening listening && break; sleep 0.05; done
port=$(sed -n 's/.*:\([0-9]*\)$/\1/p' listening)
refuses 3 "127.0.0.1:$port" replay good.tape --listen "127.0.0.1:$port"
refuses 3 "127.0.0.1:$port" simulate --listen "127.0.0.1:$port"
refuses 3 "404" record "http://127.0.0.1:$port/no-such-page" -o new.tape

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
