#!/usr/bin/env bash
# Runs checkov over template.yaml; what we answer instead of mending stands in checkov.yaml. checkov lives in a virtual
# environment of its own (.local/checkov), because its dependencies and SAM's exclude each other.
set -euo pipefail
cd "$(dirname "$0")/.."
version=3.3.30
venv=.local/checkov
if [ "$("$venv/bin/checkov" --version 2>/dev/null)" != "$version" ]; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "checkov==$version"
fi
"$venv/bin/checkov" --config-file infra/checkov.yaml --file template.yaml
