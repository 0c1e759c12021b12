#!/usr/bin/env bash
# Checks the modules of vector kernels, each compiled for one instruction set:
#   - no function of theirs is a weak symbol with instructions beyond the architecture's baseline: the linker keeps one
#     of those for all modules, and it would not run on every processor;
#   - on a processor without AVX (emulated), the right set is chosen, gives the reference's bytes, and asking for another
#     one is an error; on one with AVX2, likewise.
#
# Usage: scripts/check-kernels.sh [--symbols FOLDER] [--emulate TINYRUN]
#   --symbols   a build folder, such as .build/debug; may be repeated
#   --emulate   an optimised tinyrun
# Without arguments, the release build in .build. Emulation needs qemu-x86_64 or qemu-x86_64-static, and is left out
# where there is none.
set -euo pipefail
cd "$(dirname "$0")/.."

folders=()
program=
while [[ $# -gt 0 ]]; do
  case $1 in
    --symbols) folders+=("$2") ;;
    --emulate) program=$2 ;;
    *)
      echo "usage: scripts/check-kernels.sh [--symbols FOLDER] [--emulate TINYRUN]" >&2
      exit 2
      ;;
  esac
  shift 2
done
if [[ ${#folders[@]} -eq 0 && -z $program ]]; then
  folders=(.build/release)
  program=.build/release/tinyrun
fi

tools=$(dirname "$(command -v swiftc)")
nm=$tools/llvm-nm
objdump=$tools/llvm-objdump
[[ -x $nm ]] || nm=nm
[[ -x $objdump ]] || objdump=objdump
status=0

# Weak functions in an object file.
weak() { "$nm" --defined-only "$1" | awk '$(NF - 1) == "W" || $(NF - 1) == "w" { print $NF }'; }

# Those of the functions of standard input that have an instruction of AVX or later: their names begin with v.
beyond_baseline() {
  awk 'NR == FNR { names["<" $1 ">:"] = 1; next }
    /^[0-9a-f]+ </ { name = $2; next }
    name in names && $2 ~ /^v[a-z]/ { found[name] = 1 }
    END { for (name in found) print name }' - <("$objdump" -d --no-show-raw-insn "$1")
}

for folder in ${folders[@]+"${folders[@]}"}; do
  for sources in Sources/Kernels*; do
    module=$(basename "$sources")
    objects=0
    functions=0
    bad=0
    while IFS= read -r -d '' object; do
      objects=$((objects + 1))
      symbols=$(weak "$object")
      [[ -n $symbols ]] || continue
      functions=$((functions + $(wc -l <<<"$symbols")))
      symbols=$(beyond_baseline "$object" <<<"$symbols")
      [[ -n $symbols ]] || continue
      bad=1
      printf '%s: weak functions that not every processor can run:\n%s\n' "$object" "$symbols" >&2
    done < <(find -L "$folder/$module.build" -name '*.o' -print0)
    if [[ $objects -eq 0 ]]; then
      echo "$folder: $module has no object files" >&2
      bad=1
    fi
    if [[ $bad -ne 0 ]]; then
      status=1
    else
      echo "$folder: $module: $objects object files, $functions weak functions, all of the baseline"
    fi
  done
done

[[ -n $program ]] || exit "$status"
if [[ $(uname -m) != x86_64 ]]; then
  echo "emulation: left out, this machine is not x86-64"
  exit "$status"
fi
qemu=$(command -v qemu-x86_64-static || command -v qemu-x86_64 || true)
if [[ -z $qemu ]]; then
  echo "emulation: left out, there is no qemu-x86_64 (Debian: qemu-user-static)"
  exit "$status"
fi
unset TINYTENSOR_KERNELS

# Whether an emulated processor chooses a set and gets the reference's bytes with it.
emulate() {
  local processor=$1 set=$2 model=Fixtures/cases/case-0/model.tflite
  shift 2
  if ! "$qemu" -cpu "$processor" "$program" inspect "$model" | grep -q "\.$set$"; then
    echo "$processor: does not choose the kernels named $set" >&2
    status=1
  fi
  local result
  if result=$(timeout 300 "$qemu" -cpu "$processor" "$program" cases --quiet "$@" 2>&1); then
    echo "$processor: $set: $(tail -n 1 <<<"$result")"
  else
    printf '%s: %s: FAILS\n%s\n' "$processor" "$set" "$result" >&2
    status=1
  fi
}

# Whether asking an emulated processor for a set that it lacks is an error: exit status 4 and a sentence that names it.
refuse() {
  local processor=$1 set=$2 text code=0
  text=$("$qemu" -cpu "$processor" "$program" run --kernels "$set" Fixtures/cases/case-0/model.tflite 2>&1) || code=$?
  if [[ $code -eq 4 && $text == *"cannot run the $set kernels"* ]]; then
    echo "$processor: $set: refused, as it must be"
  else
    printf '%s: %s: NOT REFUSED, exit status %d: %s\n' "$processor" "$set" "$code" "$text" >&2
    status=1
  fi
}

folders=(Fixtures/cases Fixtures/cases-extra Fixtures/cases-elementwise)
emulate Nehalem portable "${folders[@]}"
for set in avx2 avxvnni avx512vnni; do refuse Nehalem "$set"; done
# Some versions of QEMU lack AVX2.
if "$qemu" -cpu max "$program" run --kernels avx2 Fixtures/cases/case-0/model.tflite >/dev/null 2>&1; then
  emulate max avx2 "${folders[@]}"
  refuse max avx512vnni
else
  echo "max: avx2: left out, this QEMU does not emulate it"
fi
exit "$status"
