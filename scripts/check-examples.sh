#!/usr/bin/env bash
# Builds and runs the packages in Examples in the two ways that programs depend on TinyTensor: by path, and as a
# versioned dependency, for which the repository's last commit is cloned and tagged. Each way is one build of all of
# them, and with them of the benchmarks and of the Swift in the documents (scripts/check-snippets.sh). What the examples
# print is compared with the labels of the digits, and with what their pictures were made to hold.
#
# Usage: scripts/check-examples.sh [--as-dependency]
#   --as-dependency  the second way alone
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

examples=()
for manifest in Examples/*/Package.swift; do examples+=("$(basename "$(dirname "$manifest")")"); done
digits=$root/Fixtures/digits/t10k-images.idx3-ubyte
labels=$root/Fixtures/digits/t10k-labels.idx1-ubyte
described=$root/Fixtures/described
rows=(0 1 2 3 4 5 6 7)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# MARK: Pictures, and what is in them

bytes() { local byte; for byte in "$@"; do printf "\\x$(printf '%02x' "$byte")"; done; }

# The labels of the rows. An IDX file of labels: a header of 8 bytes, then a byte for each.
numbers=()
for row in "${rows[@]}"; do numbers+=("$(($(od -An -tu1 -j $((8 + row)) -N 1 "$labels")))"); done
names=(zero one two three four five six seven eight nine)

# The first of the digits as a picture.
{ printf 'P5 28 28 255\n'; head -c 800 "$digits" | tail -c 784; } >"$work/digit.pgm"

# Six boxes in two rows of three, each hardly moved, and the scores of nothing, apples and pears.
{
  printf 'P6 4 4 255\n'
  for box in 0 1 2 3 4 5; do bytes $((10 * box)) 20 5 8 0 $((240 - 30 * box)) $((30 * box)) 0; done
} >"$work/boxes.ppm"

# Red, but for one green pixel and two blue ones.
{
  printf 'P6 4 4 255\n'
  for pixel in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    case $pixel in
      3 | 7) bytes 0 0 200 ;;
      9) bytes 0 200 0 ;;
      *) bytes 200 0 0 ;;
    esac
  done
} >"$work/colours.ppm"

# A joint a pixel, from the right to the left; the third one is faint.
{
  printf 'P6 17 1 255\n'
  for joint in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    bytes $((15 * joint)) $((255 - 15 * joint)) $((joint == 2 ? 51 : 204))
  done
} >"$work/joints.ppm"

# MARK: Checks

# Compares what an example prints with standard input. Scores, which have decimals, are cut to two of them.
expect() {
  local what=$1 printed
  shift
  printed=$("$@" | sed -E 's/([0-9]\.[0-9]{2})[0-9]*/\1/') || printed+=$'\n(and fails)'
  if ! diff <(echo "$printed") - >"$work/difference"; then
    echo "$what: PRINTS WHAT IS NOT IN THE PICTURE (<), INSTEAD OF WHAT IS (>)" >&2
    cat "$work/difference" >&2
    exit 1
  fi
}

# Builds the folders Examples and Benchmarks in a folder, and runs the examples.
check() {
  local way=$1 folder=$2 together=$work/together-${1// /-} start=$SECONDS
  scripts/check-snippets.sh --write "$together" "${examples[@]/#/$folder/Examples/}" \
    "$folder/Benchmarks:ModelBenchmarks:KernelBenchmarks"
  # Debug builds, without what debuggers and editors need.
  swift build --quiet --package-path "$together" --scratch-path "$together/build" --cache-path "$work/cache" \
    --disable-index-store -Xswiftc -gnone
  local programs=$together/build/debug

  expect "Digits, $way" seen "$programs/Digits" \
    < <(for row in "${!rows[@]}"; do echo "row ${rows[row]}: ${numbers[row]}"; done)
  expect "Classify, $way" best "$programs/Classify" <<<"${numbers[0]} ${names[${numbers[0]}]}"
  expect "Detect, $way" "$programs/Detect" "$described/objects.tflite" "$work/boxes.ppm" <<OBJECTS
$work/boxes.ppm
  0.94  apple  left 0 top 0 right 1 bottom 2
  0.82  apple  left 1 top 0 right 3 bottom 2
  0.70  apple  left 3 top 0 right 4 bottom 2
  0.58  apple  left 0 top 2 right 1 bottom 4
  0.58  pear  left 3 top 2 right 4 bottom 4
OBJECTS
  expect "Segment, $way" "$programs/Segment" "$described/regions.tflite" "$work/colours.ppm" "$work/map.png" <<CLASSES
class 0  81.25 %
class 2  12.5 %
class 1  6.25 %
CLASSES
  # In the map the colours of the classes 0 and 2 have no more blue and green than red, that of class 1 is green.
  expect "Segment on its own map, $way" \
    "$programs/Segment" "$described/regions.tflite" "$work/map.png" "$work/map-of-map.png" <<CLASSES
class 0  93.75 %
class 1  6.25 %
CLASSES
  expect "Pose, $way" "$programs/Pose" "$described/joints.tflite" "$work/joints.ppm" <<JOINTS
$work/joints.ppm
  0.80  nose  x 16 y 0
  0.80  left eye  x 15 y 0
  0.80  left ear  x 13 y 0
  0.80  right ear  x 12 y 0
  0.80  left shoulder  x 11 y 0
  0.80  right shoulder  x 10 y 0
  0.80  left elbow  x 9 y 0
  0.80  right elbow  x 8 y 0
  0.80  left wrist  x 8 y 0
  0.80  right wrist  x 7 y 0
  0.80  left hip  x 6 y 0
  0.80  right hip  x 5 y 0
  0.80  left knee  x 4 y 0
  0.80  right knee  x 3 y 0
  0.80  left ankle  x 2 y 0
  0.80  right ankle  x 1 y 0
JOINTS
  echo "$way: benchmarks and documents compile, and ${#examples[@]} examples print what is in their pictures" \
    "($((SECONDS - start)) s)"
}

# The digits in the rows.
seen() { "$1" "$root/Fixtures/models/mnist_cnn_int8.tflite" "$digits" "${rows[@]}" | sed 's/  score .*//'; }

# The best class of the first digit.
best() { "$1" "$described/digits.tflite" "$work/digit.pgm" | sed -nE '2s/^ *[0-9.]+ +//p'; }

if [[ ${1:-} != --as-dependency ]]; then check "by path" "$root"; fi

if [[ -n $(git status --porcelain --untracked-files=no) ]]; then
  echo "note: changes that are not committed are not in the versioned dependency"
fi
# Without the tags of the repository, so that the version that is resolved can be this one only.
git clone --quiet --no-tags "$root" "$work/TinyTensor"
git -C "$work/TinyTensor" tag 0.1.0
cp -R "$root/Examples" "$root/Benchmarks" "$work/"
find "$work/Examples" "$work/Benchmarks" -name Package.resolved -delete
TINYTENSOR_URL="file://$work/TinyTensor" check "as version 0.1.0" "$work"
resolved=$work/together-as-version-0.1.0/Package.resolved
if ! grep -q '"version" : "0.1.0"' "$resolved"; then
  echo "TINYTENSOR WAS NOT RESOLVED AS VERSION 0.1.0" >&2
  cat "$resolved" >&2
  exit 1
fi
