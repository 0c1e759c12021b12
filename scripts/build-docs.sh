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

# TinyTensor's build builds the others too, and each module writes its own symbols.
mkdir "$work/symbols"
swift build --quiet --scratch-path "$work/build" --target TinyTensor \
  -Xswiftc -emit-symbol-graph -Xswiftc -emit-symbol-graph-dir -Xswiftc "$work/symbols"

status=0
for module in "${modules[@]}"; do
  # The module's own symbols only: not those that it adds to others' types, nor those of other modules.
  mkdir "$work/symbols/$module"
  cp "$work/symbols/$module.symbols.json" "$work/symbols/$module@"*.symbols.json "$work/symbols/$module/"
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
