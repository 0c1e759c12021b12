#!/usr/bin/env bash
# Builds the documentation of both libraries with DocC. Every warning is an error.
#
# Usage: scripts/build-docs.sh [output folder]
#
# Writes OUTPUT/TinyTensor.doccarchive and OUTPUT/FlatbufferReader.doccarchive; without a folder, the result is thrown
# away, and the check is all that is left.
set -euo pipefail
cd "$(dirname "$0")/.."

modules=(FlatbufferReader TinyTensor)

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

# TinyTensor's build builds the others too. Symbols are taken out of the built modules.
swift build --quiet --target TinyTensor
built=$(swift build --show-bin-path)
target=$(swift -print-target-info | sed -nE 's/^ *"triple": "(.*)",$/\1/p' | head -n 1)
mkdir "$work/symbols"

status=0
for module in "${modules[@]}"; do
  # The module's own symbols, and those that it adds to others' types.
  mkdir "$work/symbols/$module"
  swift symbolgraph-extract -module-name "$module" -target "$target" -I "$built/Modules" \
    -minimum-access-level public -output-dir "$work/symbols/$module"
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
exit "$status"
