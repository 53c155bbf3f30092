#!/bin/sh
# Runs a command against a freshly started endpoint: with_server.sh TIGHTWAD CONFIG COMMAND...
# The command finds TIGHTWAD_URL, TIGHTWAD_TOKEN and TIGHTWAD_MODEL; the endpoint must end cleanly on SIGTERM.
set -eu
. "$(dirname "$0")/common.sh"
tightwad=$1
config=$2
shift 2
log=$work/log
export TIGHTWAD_PROXY_TOKEN=secret-of-the-test
port=$(free_port)
TIGHTWAD_PORT=$port "$tightwad" serve -c "$config" >"$log" 2>&1 &
server=$!
trap 'kill -9 $server 2>/dev/null || true; rm -rf "$work"' EXIT
export TIGHTWAD_URL="http://127.0.0.1:$port" TIGHTWAD_TOKEN=$TIGHTWAD_PROXY_TOKEN
until curl -fs "$TIGHTWAD_URL/health" >/dev/null; do
    kill -0 $server 2>/dev/null || { cat "$log"; exit 1; }
    sleep 0.2
done
TIGHTWAD_MODEL=$(curl -fs -H "Authorization: Bearer $TIGHTWAD_TOKEN" "$TIGHTWAD_URL/v1/models" |
    node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>console.log(JSON.parse(t).data[0].id))')
export TIGHTWAD_MODEL
status=0
"$@" || status=$?
kill -TERM $server
wait $server || { echo "the endpoint ended with $? on SIGTERM"; status=1; }
[ $status = 0 ] || tail -n 60 "$log"
exit $status
