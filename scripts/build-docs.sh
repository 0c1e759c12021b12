#!/usr/bin/env bash
# Builds the documentation of the libraries with DocC. Every warning is an error, and every public declaration without a
# documentation comment. Then compares the public interface with what is recorded of it (scripts/check-api.sh).
#
# Usage: scripts/build-docs.sh [output folder]
#
# Writes OUTPUT/MODULE.doccarchive for each library; without a folder, the result is thrown away, and the check is all
# that is left.
set -euo pipefail
cd "$(dirname "$0")/.."

modules=(FlatbufferReader TinyTensor ImageFiles)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
output=${1:-$work/output}
mkdir -p "$output"

docc="$(dirname "$(command -v swift)")/docc"
[[ -x $docc ]] || docc=$(command -v docc || xcrun --find docc 2>/dev/null || true)
if [[ -z $docc ]]; then
  echo "docc was not found beside swift, nor in PATH" >&2
  exit 1
fi

scripts/extract-symbols.sh "$work/symbols" "${modules[@]}"

status=0
for module in "${modules[@]}"; do
  if ! swift scripts/public-interface.swift undocumented "$module" "$work/symbols/$module" >"$work/undocumented"; then
    echo "$module: PUBLIC DECLARATIONS WITHOUT A DOCUMENTATION COMMENT" >&2
    cat "$work/undocumented" >&2
    status=1
  fi
  if "$docc" convert "Sources/$module/$module.docc" \
    --additional-symbol-graph-dir "$work/symbols/$module" \
    --fallback-display-name "$module" --fallback-bundle-identifier "$module" \
    --output-path "$output/$module.doccarchive" --warnings-as-errors; then
    pages=$(find "$output/$module.doccarchive/data/documentation" -name '*.json' | wc -l)
    echo "$module: $((pages)) pages, no warnings"
  else
    echo "$module: DOCUMENTATION HAS ERRORS OR WARNINGS" >&2
    status=1
  fi
done
scripts/check-api.sh --symbols "$work/symbols" || status=1
exit "$status"
