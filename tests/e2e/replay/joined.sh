#!/usr/bin/env bash
# An unmodified client that joins a replayed tape emits what it derives from the stream itself.
# Usage: joined.sh CLIENTS_FOLDER TAPEDECK CLIENT...   (CLIENT: 17, 19 or 20)
# Closes with 'N passed, M failed'; exit 77 where the clients could not be had.
set -euo pipefail
clients=$1
tapedeck=$(realpath "$2")
shift 2
[ -f "$clients/dist/client-20.mjs" ] || { echo "the real client is not there"; exit 77; }

work=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

"$tapedeck" simulate --seed 11 --participants 9 --breakouts 1 --for 60s --stdout >"$work/body.sse"
"$tapedeck" record "$work/body.sse" -o "$work/body.tape" 2>/dev/null
"$tapedeck" replay "$work/body.tape" --listen 127.0.0.1:0 --speed max >"$work/listening" 2>/dev/null &
server=$!
for _ in $(seq 100); do
  url=$(sed -n 's/^listening on //p' "$work/listening")
  [ -z "$url" ] || break
  sleep 0.05
done

failed=0
for client in "$@"; do
  echo "client $client"
  node "$clients/derive.mjs" "$client" "$work/body.sse" >"$work/derived"
  node "$clients/dist/client-$client.mjs" --base "$url" --conference meet.alice >"$work/joined"
  grep -q onParticipant "$work/derived" || { echo "the stream caused no signals"; failed=1; }
  node "$clients/compare.mjs" "$work/derived" "$work/joined" || failed=1
done
exit "$failed"
