#!/usr/bin/env bash
# Builds the tool with the thread sanitizer and with the address sanitizer, and runs a bounded selection of models in
# each. Any report fails.
#
#   thread   several sessions at once, each with two threads that share its work, on the models of Fixtures
#   address  folders of cases, with each set of kernels that the processor has, and the models of Fixtures
#   address  with a folder of hostile models, as scripts/fuzz-models.py keeps them: `inspect` and `run` of each, and
#            runs in watched memory by MutantTests
#   both     models compiled for the Edge TPU, on a fake libedgetpu, in the tool's process and in a helper's
#
# Leaks are not looked for: the pool's threads live as long as the process.
#
# Usage: scripts/check-sanitizers.sh [thread | address] [--scratch-path FOLDER] [--hostile FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=
hostile=
sanitizers=()
while [[ $# -gt 0 ]]; do
  case $1 in
    thread | address) sanitizers+=("$1") ;;
    --scratch-path)
      [[ $# -ge 2 ]] || { echo "$1 needs a folder" >&2; exit 2; }
      scratch=$2
      shift
      ;;
    --hostile)
      [[ $# -ge 2 ]] || { echo "$1 needs a folder" >&2; exit 2; }
      hostile=$2
      shift
      ;;
    *)
      echo "usage: scripts/check-sanitizers.sh [thread | address] [--scratch-path FOLDER] [--hostile FOLDER]" >&2
      exit 2
      ;;
  esac
  shift
done
if [[ ${#sanitizers[@]} -eq 0 ]]; then sanitizers=(thread address); fi
if [[ -z $scratch ]]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
fi
mkdir -p "$scratch"

models=(Fixtures/models/mnist_cnn_int8.tflite Fixtures/models/mnist_dscnn_int8.tflite
  Fixtures/models/mnist_cnn_uint8.tflite)
compiled=(Fixtures/edgetpu/single.tflite Fixtures/edgetpu/surrounded.tflite Fixtures/edgetpu/states.tflite)
clang -shared -fPIC -O1 -o "$scratch/libedgetpu.so.1" Tests/FakeEdgeTPU/fake_edgetpu.c
export TINYTENSOR_EDGETPU_LIB=$scratch/libedgetpu.so.1
failures=0

# Runs a command whose report, if it makes one, names the sanitizer.
check() {
  local log=$scratch/log
  if "$@" >"$log" 2>&1 && ! grep -qE 'WARNING: ThreadSanitizer|ERROR: AddressSanitizer' "$log"; then
    echo "passed: ${*#"$scratch"/}"
  else
    cat "$log" >&2
    echo "FAILED: ${*#"$scratch"/}" >&2
    failures=$((failures + 1))
  fi
}

# The same of a model that may be refused: exit status 3 is an answer, too.
answers() {
  "$@" || [[ $? -eq 3 ]]
}

for sanitizer in "${sanitizers[@]}"; do
  folder=$scratch/$sanitizer
  swift build --sanitize="$sanitizer" --scratch-path "$folder" --product tinyrun | tail -n 1
  tinyrun=$(swift build --sanitize="$sanitizer" --scratch-path "$folder" --show-bin-path)/tinyrun
  sets=$("$tinyrun" devices --json | grep -oE '"name": "[a-z0-9]+", "available": true' | cut -d '"' -f 4)
  if [[ $sanitizer == thread ]]; then
    export TSAN_OPTIONS=halt_on_error=0:exitcode=66
    for model in "${models[@]}"; do
      check "$tinyrun" bench "$model" --threads 2 --sessions 1 --runs 300 --warmup 2
      check "$tinyrun" bench "$model" --threads 2 --sessions 3 --runs 150 --warmup 2
    done
    # Sessions of a compiled model take turns by a Mutex, which the thread sanitizer does not see: on Linux it is made
    # in the standard library, which is built without it.
    for model in "${compiled[@]}"; do
      check "$tinyrun" bench "$model" --threads 2 --sessions 1 --runs 150 --warmup 2
      check "$tinyrun" bench "$model" --threads 2 --sessions 3 --runs 150 --warmup 2 --isolate
    done
  else
    export ASAN_OPTIONS=detect_leaks=0
    for set in $sets; do
      check "$tinyrun" cases Fixtures/cases Fixtures/cases-extra --kernels "$set" --quiet
      for model in "${models[@]}"; do
        check "$tinyrun" bench "$model" --threads 2 --runs 20 --warmup 2 --kernels "$set"
      done
    done
    for model in "${compiled[@]}"; do
      check "$tinyrun" bench "$model" --runs 20 --warmup 2
      check "$tinyrun" bench "$model" --runs 20 --warmup 2 --isolate
    done
    if [[ -n $hostile ]]; then
      for model in "$hostile"/*.tflite; do
        check answers "$tinyrun" inspect "$model"
        check answers timeout 60 "$tinyrun" run "$model"
      done
      # The same with memory whose surroundings are watched, which the sanitizer sees as part of the arena.
      TINYTENSOR_HOSTILE=$(realpath "$hostile") check swift test --sanitize=address --scratch-path "$folder" \
        --filter MutantTests
    fi
    check "$tinyrun" kernels 13,37,70 7,64,64 dw:9x7x20,3x3,2 dw:8x9x32,3x3,1 --seconds 0.05
  fi
done
if ((failures > 0)); then
  echo "$failures of the runs failed" >&2
  exit 1
fi
