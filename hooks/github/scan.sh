#!/usr/bin/env bash
# Scans the change (or everything) and reports as annotations, SARIF and a job summary. Everything it needs to know comes in variables.
set -euo pipefail
sarif="${AICODELINT_SARIF:-aicodelint.sarif}"
options=(--engine in-process --format github --format sarif --output "$sarif")
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    options+=(--format markdown --output "$GITHUB_STEP_SUMMARY")
fi
if [ "${AICODELINT_ISOLATED:-false}" = true ]; then
    options+=(--isolated)
fi
# A workflow may check aicodelint out beside the code that it judges: it is not part of that code.
here="$(pwd -P)"
own="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
case "$own" in "$here"/?*)
    options+=(--extend-exclude "/${own#"$here"/}/")
    ;;
esac
base="${AICODELINT_BASE:-}"
case "$base" in -*)
    echo "aicodelint: the base $base is not a revision" >&2
    exit 2
    ;;
esac
if [ -n "$base" ] && [ "$base" != all ]; then
    # actions/checkout fetches one commit: without the base there is nothing to compare with.
    if ! git cat-file -e "$base^{commit}" 2>/dev/null; then
        git fetch --quiet --no-tags --depth=1 origin "$base"
    fi
    options+=(--diff "$base...HEAD")
fi
read -r -a more <<<"$(tr '\n' ' ' <<<"${AICODELINT_ARGS:-}")"
status=0
aicodelint scan "${options[@]}" ${more[@]+"${more[@]}"} || status=$?
{
    echo "sarif=$sarif"
    if [ "$status" = 1 ]; then echo "findings=true"; else echo "findings=false"; fi
} >>"${GITHUB_OUTPUT:-/dev/null}"
if [ "$status" = 1 ] && [ "${AICODELINT_FAIL:-true}" != true ]; then
    exit 0
fi
exit "$status"
