#!/usr/bin/env bash
# Runs checkov over template.yaml; checkov.yaml has the findings that we answer instead of fixing. checkov has its own
# virtual environment (.local/checkov), because its dependencies and SAM's exclude each other.
set -euo pipefail
cd "$(dirname "$0")/.."
version=3.3.30
venv=.local/checkov
if [ "$("$venv/bin/checkov" --version 2>/dev/null)" != "$version" ]; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "checkov==$version"
fi
"$venv/bin/checkov" --config-file infra/checkov.yaml --file template.yaml
