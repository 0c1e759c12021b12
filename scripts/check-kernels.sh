#!/usr/bin/env bash
# Checks the modules of vector kernels, each compiled for one instruction set:
#   - no function of theirs is a weak symbol: the linker keeps one of those for all modules, and could keep one that only
#     some processors can run;
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

nm="$(dirname "$(command -v swiftc)")/llvm-nm"
[[ -x $nm ]] || nm=nm
status=0

# Weak functions in an object file.
weak() { "$nm" --defined-only "$1" | awk '$(NF - 1) == "W" || $(NF - 1) == "w" { print $NF }'; }

for folder in ${folders[@]+"${folders[@]}"}; do
  for sources in Sources/Kernels*; do
    module=$(basename "$sources")
    count=0
    found=0
    while IFS= read -r -d '' object; do
      count=$((count + 1))
      symbols=$(weak "$object")
      if [[ -n $symbols ]]; then
        found=$((found + 1))
        printf '%s: weak functions:\n%s\n' "$object" "$symbols" >&2
      fi
    done < <(find -L "$folder/$module.build" -name '*.o' -print0)
    if [[ $count -eq 0 ]]; then
      echo "$folder: $module has no object files" >&2
      status=1
    elif [[ $found -gt 0 ]]; then
      status=1
    else
      echo "$folder: $module: $count object files, no weak function"
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
