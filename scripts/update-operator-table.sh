#!/usr/bin/env bash
# Writes the tables of operators in the documents anew, from the list in the code.
#
# Usage: scripts/update-operator-table.sh [--check] [TINYRUN]
#   --check  changes nothing and fails if a document is out of date
#   TINYRUN  the built tool that has the list; a release build is made if it is left out
set -euo pipefail
cd "$(dirname "$0")/.."
check=
if [[ ${1:-} == --check ]]; then
  check=yes
  shift
fi
tinyrun=${1:-}
if [[ -z $tinyrun ]]; then
  swift build -c release --product tinyrun >/dev/null
  tinyrun="$(swift build -c release --show-bin-path)/tinyrun"
fi

# document, and the options that make its table
documents=(
  "README.md:--markdown"
  "Sources/TinyTensor/TinyTensor.docc/Operators.md:--markdown --all"
)
status=0
for entry in "${documents[@]}"; do
  document=${entry%%:*}
  read -r -a options <<<"${entry#*:}"
  new=$(mktemp)
  table=$(mktemp)
  "$tinyrun" operators "${options[@]}" >"$table"
  awk -v table="$table" '
    /<!-- operators -->/ { print; while ((getline line < table) > 0) print line; skip = 1; next }
    /<!-- \/operators -->/ { skip = 0 }
    !skip { print }
  ' "$document" >"$new"
  if [[ -n $check ]]; then
    if ! diff -u "$document" "$new"; then status=1; fi
  else
    cat "$new" >"$document"
  fi
  rm -f "$new" "$table"
done
exit "$status"
