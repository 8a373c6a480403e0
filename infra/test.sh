#!/usr/bin/env bash
# Runs every layer of tests: starts its own local cloud and DynamoDB Local, runs go vet and all Go tests against them,
# and stops both. Packages can be named: infra/test.sh ./shared/store/...
#
#   TEST_PORT=18400   first of the ports used: the local cloud's five, one for sam local, and ten further DynamoDB Local's
#   KEEP=1            leaves both running, for looking into a failure
set -uo pipefail
cd "$(dirname "$0")/.."

port=${TEST_PORT:-18400}
dynamodb_port=$((port + 10))
state=$PWD/.local/test
packages=("$@")
# The longest come first: short ones fit in beside them.
[ ${#packages[@]} -gt 0 ] || packages=(./infra/pages ./infra/journeys ./infra/faults ./shared/store ./...)
began=$SECONDS

say() { printf '== %s\n' "$*"; }
die() { printf 'test: %s\n' "$*" >&2; exit 1; }

command -v go >/dev/null || die "Go is missing: install 1.26 or newer from https://go.dev/dl/"
command -v python3 >/dev/null || die "Python is missing: install 3.11 or newer"
command -v java >/dev/null || die "Java is missing: install 17 or newer (Debian: apt install default-jre-headless)"
command -v mvn >/dev/null || die "Maven is missing (Debian: apt install maven)"
for name in "${CLIENTELE_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
  [ -n "$name" ] && browser=$(command -v "$name") && break
done
[ -n "${browser:-}" ] || die "Chromium or Chrome is missing (Debian: apt install chromium), or say where: CLIENTELE_CHROMIUM=/path"

mkdir -p "$state"
dynamodb_pid=
stop() {
  local status=$?
  trap - EXIT INT TERM
  if [ -n "${KEEP:-}" ]; then
    say "kept running: .local/test/stack.json, DynamoDB Local on port $dynamodb_port (process $dynamodb_pid)"
  else
    [ -n "$dynamodb_pid" ] && kill "$dynamodb_pid" 2>/dev/null && wait "$dynamodb_pid" 2>/dev/null
    LOCAL_DIR=$state PORT=$port make --no-print-directory stop >"$state/stop.log" 2>&1 || { cat "$state/stop.log"; status=1; }
  fi
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM

# DynamoDB Local comes up while the local cloud deploys.
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
listens "$dynamodb_port" && die "port $dynamodb_port is taken; choose others with TEST_PORT"
infra/dynamodb-local/start.sh "$dynamodb_port" >"$state/dynamodb-local.log" 2>&1 &
dynamodb_pid=$!

say "starting the local cloud on ports $port to $((port + 4))"
LOCAL_DIR=$state PORT=$port RESET=1 make --no-print-directory start || die "the local cloud did not start; its logs are in .local/test/logs"

for _ in $(seq 300); do
  listens "$dynamodb_port" && break
  kill -0 "$dynamodb_pid" 2>/dev/null || break
  sleep 0.2
done
listens "$dynamodb_port" || { cat "$state/dynamodb-local.log"; die "DynamoDB Local did not start"; }

# What the tests run on. REQUIRED makes a missing part a failure instead of a skipped test.
export CLIENTELE_REQUIRED=1
export CLIENTELE_STACK=$state/stack.json
export CLIENTELE_ENDPOINT=http://127.0.0.1:$((port + 4))
export CLIENTELE_DYNAMODB_LOCAL=http://127.0.0.1:$dynamodb_port
export CLIENTELE_CHROMIUM=$browser
export CLIENTELE_ARTIFACTS=$state/artifacts # screenshots and the like
# Tests bring their own credentials; a developer's real ones must never be near them.
unset AWS_PROFILE AWS_SESSION_TOKEN
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1
export AWS_EC2_METADATA_DISABLED=true

say "ready after $((SECONDS - began)) s; go vet"
vetted=0
go vet "${packages[@]}" || vetted=1

say "go test"
go test -json -count=1 -timeout=35m "${packages[@]}" 2>&1 | go run ./infra/testreport -counts "$state/counts"
tested=${PIPESTATUS[1]}
if [ "$vetted" -ne 0 ]; then say "go vet found something, see above"; fi
say "took $((SECONDS - began)) s"
[ "$tested" -eq 0 ] && [ "$vetted" -eq 0 ]
