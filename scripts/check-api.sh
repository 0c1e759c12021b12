#!/usr/bin/env bash
# Compares the public interface of the libraries with what is recorded of it in Documentation/api, a declaration a line.
#
# Usage: scripts/check-api.sh [--update] [--symbols FOLDER]
#   --update           writes the files anew, for a change of the interface that is meant; they belong in its commit
#   --symbols FOLDER   symbol graphs that scripts/extract-symbols.sh has written; made otherwise
#
# Fails where the code and the files differ in any line. Where a version has been tagged, its files are compared, too:
# what breaks programs that use it must come with a version that may do so, the next minor one while the major version
# is 0, and the next major one after that. Such are lines that are gone or changed, new cases of enumerations, over
# which programs may switch, and new requirements of protocols, to which programs' types may conform.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=Documentation/api
modules=(FlatbufferReader TinyTensor ImageFiles)
update=no symbols=
while [[ $# -gt 0 ]]; do
  case $1 in
    --update) update=yes ;;
    --symbols)
      symbols=${2:?--symbols takes a folder}
      shift
      ;;
    *)
      echo "usage: scripts/check-api.sh [--update] [--symbols FOLDER]" >&2
      exit 2
      ;;
  esac
  shift
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -z $symbols ]]; then
  symbols=$work/symbols
  scripts/extract-symbols.sh "$symbols" "${modules[@]}"
fi
export LC_ALL=C
mkdir "$work/new" "$work/old"
for module in "${modules[@]}"; do
  swift scripts/public-interface.swift interface "$module" "$symbols/$module" >"$work/new/$module.txt"
done

if [[ $update == yes ]]; then
  mkdir -p "$folder"
  cp "$work/new/"*.txt "$folder/"
  git diff --stat -- "$folder"
  exit
fi

status=0
count=0
for module in "${modules[@]}"; do
  count=$((count + $(wc -l <"$work/new/$module.txt")))
  if ! diff -u "$folder/$module.txt" "$work/new/$module.txt" >"$work/difference"; then
    echo "THE PUBLIC INTERFACE OF $module IS NOT THE ONE THAT $folder/$module.txt RECORDS" >&2
    grep -E '^[+-][^+-]' "$work/difference" >&2 || cat "$work/difference" >&2
    status=1
  fi
done
if [[ $status -ne 0 ]]; then
  echo "if this is meant: scripts/check-api.sh --update, and commit the files with the change" >&2
  exit 1
fi

# The newest version below which this commit stands.
tag=$(git describe --tags --abbrev=0 --match '[0-9]*.[0-9]*.[0-9]*' 2>/dev/null || true)
if [[ -z $tag ]]; then
  echo "$count public declarations are as recorded; no version has been tagged yet"
  exit
fi
version=$(sed -nE 's/^ *static let current = "([0-9]+\.[0-9]+\.[0-9]+)"$/\1/p' Sources/tinyrun/Main.swift)
IFS=. read -r major minor _ <<<"$version"
IFS=. read -r tagged_major tagged_minor _ <<<"$tag"
breaks=0
for module in "${modules[@]}"; do
  # A module that is newer than the version breaks nothing.
  git show "$tag:$folder/$module.txt" >"$work/old/$module.txt" 2>/dev/null || continue
  {
    comm -23 "$work/old/$module.txt" "$work/new/$module.txt" | sed 's/^/gone or changed: /'
    comm -13 "$work/old/$module.txt" "$work/new/$module.txt" | grep -E '^[^ ]+: \[(case|requirement)\] ' |
      sed 's/^/new: /' || true
  } >"$work/breaks"
  if [[ -s $work/breaks ]]; then
    echo "what differs from $tag in $module and can break programs:"
    cat "$work/breaks"
    breaks=$((breaks + $(wc -l <"$work/breaks")))
  fi
done
if [[ $breaks -gt 0 ]] &&
  ! ((major > tagged_major || (tagged_major == 0 && major == 0 && minor > tagged_minor))); then
  echo "VERSION $version MAY NOT BREAK PROGRAMS THAT USE $tag; raise it in Sources/tinyrun/Main.swift" >&2
  exit 1
fi
echo "$count public declarations are as recorded; $breaks differ from $tag in a way that can break programs"
