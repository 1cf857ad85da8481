#!/usr/bin/env bash
# Asks a fresh server with sample data for whatever its OpenAPI document allows, and for some that it does not: every
# answer must be one that the document describes, and none may be a failure of the server. The same requests each time.
set -euo pipefail
cd "$(dirname "$0")/.."

checks=not_a_server_error,status_code_conformance,content_type_conformance
checks+=,response_headers_conformance,response_schema_conformance
tools_dir=${TOOLS_DIR:?"is set by the Makefile: run this through make"}
tool=$tools_dir/python/bin/schemathesis

cargo build --locked --quiet --package natter-server
natter=${CARGO_TARGET_DIR:-$PWD/target}/debug/natter

work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; wait; rm -rf "$work"' EXIT
for rate in SENDS CONVERSATIONS UPLOADS SIGN_INS REGISTRATIONS REQUESTS ANONYMOUS_REQUESTS; do
  export "NATTER_LIMITS_${rate}_PER_MINUTE=0"
done
mkfifo "$work/greeting"
"$natter" serve --demo --data-dir "$work/data" --listen 127.0.0.1:0 >"$work/greeting" 2>"$work/log" &
server=$!
exec 3<"$work/greeting"
# The first line says where it listens.
read -r -u 3 greeting || { cat "$work/log" >&2 && exit 1; }
origin=${greeting##* }
export API_URL=${origin}api/v1
API_TOKEN=$("$natter" token mint --user alice --data-dir "$work/data")
export API_TOKEN

export SCHEMATHESIS_HOOKS=$PWD/scripts/schemathesis.py

cd "$work"
"$tool" run "${origin}api/openapi.json" --header "Authorization: Bearer $API_TOKEN" --checks "$checks" \
  --max-examples 20 --seed 1 --workers 2 --continue-on-failure --warnings off --no-color 2>&1 | tee "$work/report"
if grep '"level":"ERROR"' "$work/log"; then
  echo "schemathesis: the server has logged errors" >&2
  exit 1
fi
# One line as cargo writes it, for whoever adds the tests up.
echo "test result: ok. $(awk '$1 == "Tested:" { print $2 }' "$work/report") passed; 0 failed"
