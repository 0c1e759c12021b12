#!/usr/bin/env bash
# Builds the libraries' modules and writes their symbol graphs: what is public in them, with documentation comments.
#
# Usage: scripts/extract-symbols.sh FOLDER [MODULE...]
#
# Writes FOLDER/MODULE/MODULE.symbols.json for each module, by default for those of all library products.
set -euo pipefail
cd "$(dirname "$0")/.."

output=$1
shift
modules=("$@")
if [[ ${#modules[@]} -eq 0 ]]; then modules=(FlatbufferReader TinyTensor ImageFiles); fi

for module in "${modules[@]}"; do
  # FlatbufferReader is a part of TinyTensor's build.
  if [[ $module != FlatbufferReader ]]; then swift build --quiet --target "$module"; fi
done
built=$(swift build --show-bin-path)
target=$(swift -print-target-info | sed -nE 's/^ *"triple": "(.*)",$/\1/p' | head -n 1)
for module in "${modules[@]}"; do
  # The module's own symbols, and those that it adds to others' types.
  mkdir -p "$output/$module"
  swift symbolgraph-extract -module-name "$module" -target "$target" -I "$built/Modules" \
    -minimum-access-level public -output-dir "$output/$module"
done
