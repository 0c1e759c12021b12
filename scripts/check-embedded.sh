#!/usr/bin/env bash
# Compiles the library modules as Embedded Swift for machines with and without 64-bit integers. Nothing is linked or
# run: the check is that they need no run-time support that Embedded Swift lacks. Any warning is an error.
#
# Usage: scripts/check-embedded.sh [target triple ...]
set -euo pipefail
cd "$(dirname "$0")/.."

# Every module that has to compile, after those that it imports.
modules=(Deflate FlatbufferReader TinyTensorKernels KernelInterface KernelsPortable TinyTensor)

# Kernels of vectors: all pointers, without the marks of strict memory safety, and with the compiler's own names. Their
# sources are partly linked from another folder.
kernels=(KernelInterface KernelsPortable)

# Modules that must not need the C library's mathematics either: programs without Foundation do not link it.
without_libm=(FlatbufferReader)
libm='^(trunc|floor|ceil|rint|nearbyint|round|roundeven|fma|fmod|exp|log|pow|sqrt)(f|l)?$'
nm="$(dirname "$(command -v swiftc)")/llvm-nm"
[[ -x $nm ]] || nm=nm

# In the last two, Int has 32 bits, and rounding is a call.
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
  targets=(aarch64-none-none-elf armv7-none-none-eabi riscv32-none-none-eabi)
fi

output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT

# Compiles every module for one target.
check() {
  local target=$1 status=0 module sources arguments optimisation
  mkdir -p "$output/$target"
  for module in "${modules[@]}"; do
    sources=()
    if [[ -d Sources/$module ]]; then
      while IFS= read -r -d '' file; do
        sources+=("$file")
      done < <(find -L "Sources/$module" -name '*.swift' -print0 | sort -z)
    fi
    if [[ ${#sources[@]} -eq 0 ]]; then
      echo "$target: $module has no sources"
      continue
    fi
    # What Embedded Swift lacks is found without optimisation too, in a third of the time. Calls that only remain are
    # found with it.
    optimisation=-Onone
    if [[ " ${without_libm[*]} " == *" $module "* ]]; then optimisation=-Osize; fi
    arguments=(
      -wmo -parse-as-library -c "$optimisation" -target "$target" -swift-version 6 -warnings-as-errors
      -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes
      -enable-upcoming-feature MemberImportVisibility
      -package-name tinytensor -module-name "$module" -I "$output/$target"
      -emit-module -emit-module-path "$output/$target/$module.swiftmodule" -o "$output/$target/$module.o"
    )
    if [[ " ${kernels[*]} " == *" $module "* ]]; then
      arguments+=(-enable-experimental-feature BuiltinModule)
    else
      arguments+=(-strict-memory-safety)
    fi
    if swiftc "${arguments[@]}" "${sources[@]}"; then
      echo "$target: $module compiles, $(wc -c <"$output/$target/$module.o") bytes of object file"
    else
      echo "$target: $module DOES NOT COMPILE" >&2
      return 1
    fi
    if [[ " ${without_libm[*]} " == *" $module "* ]]; then
      if "$nm" --undefined-only --just-symbol-name "$output/$target/$module.o" | grep -E "$libm"; then
        echo "$target: $module NEEDS THE FUNCTIONS ABOVE" >&2
        status=1
      fi
    fi
  done
  return "$status"
}

# Two targets at a time: each compiler runs on one processor.
status=0
running=()
for target in "${targets[@]}"; do
  check "$target" &
  running+=($!)
  if [[ ${#running[@]} -ge 2 ]]; then
    wait "${running[0]}" || status=1
    running=("${running[@]:1}")
  fi
done
for job in "${running[@]}"; do
  wait "$job" || status=1
done
exit "$status"
