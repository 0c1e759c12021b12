#!/usr/bin/env bash
# Builds and runs Examples/Digits in the two ways that programs depend on TinyTensor: by path, and as a versioned
# dependency, for which the repository's last commit is cloned and tagged. Both must print the digits of the labels.
#
# Usage: scripts/check-examples.sh [--as-dependency]
#   --as-dependency  the second way alone
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

rows=(0 1 2 3 4 5 6 7)
model=$root/Fixtures/models/mnist_cnn_int8.tflite
images=$root/Fixtures/digits/t10k-images.idx3-ubyte
labels=$root/Fixtures/digits/t10k-labels.idx1-ubyte

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# An IDX file of labels: a header of 8 bytes, then a byte for each.
expected=$(for row in "${rows[@]}"; do echo "row $row: $(($(od -An -tu1 -j $((8 + row)) -N 1 "$labels")))"; done)

# Runs the example in a folder and compares its digits with the labels.
check() {
  local what=$1 folder=$2 printed
  printed=$(swift run --quiet --package-path "$folder" --scratch-path "$work/build-$what" --cache-path "$work/cache" \
    Digits "$model" "$images" "${rows[@]}")
  if [[ $(sed -E 's/  score .*//' <<<"$printed") != "$expected" ]]; then
    echo "$what: THE DIGITS ARE NOT THOSE OF THE LABELS" >&2
    echo "$printed" >&2
    exit 1
  fi
  echo "$what: ${#rows[@]} digits as labelled"
}

if [[ ${1:-} != --as-dependency ]]; then check "by path" "$root/Examples/Digits"; fi

if [[ -n $(git status --porcelain --untracked-files=no) ]]; then
  echo "note: changes that are not committed are not in the versioned dependency"
fi
# Without the tags of the repository, so that the version that is resolved can be this one only.
git clone --quiet --no-tags "$root" "$work/TinyTensor"
git -C "$work/TinyTensor" tag 0.1.0
cp -R "$root/Examples/Digits" "$work/Digits"
rm -f "$work/Digits/Package.resolved"
TINYTENSOR_URL="file://$work/TinyTensor" check "as version 0.1.0" "$work/Digits"
if ! grep -q '"version" : "0.1.0"' "$work/Digits/Package.resolved"; then
  echo "TINYTENSOR WAS NOT RESOLVED AS VERSION 0.1.0" >&2
  cat "$work/Digits/Package.resolved" >&2
  exit 1
fi
