#!/usr/bin/env bash
# Generates shared/api/types.gen.go from infra/openapi.yaml. With --check it changes nothing, and fails when the
# file differs from what the contract generates.
set -euo pipefail
cd "$(dirname "$0")/../shared/api"

out=$(mktemp)
trap 'rm -f "$out"' EXIT
go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.1 -config oapi-codegen.yaml -o "$out" ../../infra/openapi.yaml

if [ "${1:-}" != --check ]; then
  cp "$out" types.gen.go
elif ! diff -u types.gen.go "$out"; then
  echo "shared/api/types.gen.go is not up to date: run infra/generate.sh" >&2
  exit 1
fi
