#!/usr/bin/env bash
# Runs the checks one after another, all of them whatever fails: check.sh lint|test
#
# It ends with the sum of all tests that passed and failed. A check that is not a test suite counts as one test.
set -uo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
summary=()

# Adds up the closing lines of cargo's and vitest's test runners.
results() {
  sed 's/\x1b\[[0-9;]*m//g' "$log" | awk '
    /^test result: / || /^ +Tests  / {
      for (i = 2; i <= NF; i++) {
        if ($i ~ /^passed/) passed += $(i - 1)
        if ($i ~ /^failed/) failed += $(i - 1)
      }
    }
    END { print passed + 0, failed + 0 }'
}

step() { # NAME COMMAND...
  local name=$1 status=0 start=$SECONDS ok bad
  shift
  printf '\n== %s: %s\n' "$name" "$*"
  "$@" 2>&1 | tee "$log" || status=$?
  read -r ok bad < <(results)
  if [ $status != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  if [ $status = 0 ] && [ "$ok" = 0 ]; then ok=1; fi
  passed=$((passed + ok))
  failed=$((failed + bad))
  summary+=("$(printf '%-12s %5d passed, %d failed, %4d s' "$name" "$ok" "$bad" $((SECONDS - start)))")
}

documents() {
  local document
  for document in openapi asyncapi; do
    cargo run --locked --quiet --package natter-server -- $document | diff --unified docs/$document.json - ||
      { echo "docs/$document.json is stale: make openapi" && return 1; }
  done
}

browser() {
  cargo build --locked --quiet --package natter-server &&
    NATTER_BIN="${CARGO_TARGET_DIR:-$PWD/target}/debug/natter" npm --prefix web run e2e
}

lint() {
  step format cargo fmt --all --check
  step clippy cargo clippy --locked --workspace --all-targets -- -D warnings
  step tidy cargo xtask tidy
  step dependencies cargo deny --locked check bans licenses sources
  step documents documents
}

suites() {
  step rust cargo test --locked --workspace --no-fail-fast
  step api scripts/schemathesis.sh
  step web npm --prefix web test
  step browser browser
}

case ${1:-} in
lint) lint ;;
test)
  lint
  suites
  ;;
*) echo "usage: scripts/check.sh lint|test" >&2 && exit 2 ;;
esac

printf '\n'
printf '%s\n' "${summary[@]}"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
