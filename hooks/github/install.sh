#!/usr/bin/env bash
# Installs the aicodelint that this action came with into an environment of its own, unless one is on PATH already.
set -euo pipefail
if command -v aicodelint >/dev/null; then
    exit 0
fi
home="${RUNNER_TEMP:?}/aicodelint-venv"
python3 -m venv "$home"
"$home/bin/pip" install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH/../.."
echo "$home/bin" >>"${GITHUB_PATH:?}"
