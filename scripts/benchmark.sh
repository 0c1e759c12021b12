#!/usr/bin/env bash
# Measures every model in a folder, and the kernels on the shapes in Benchmarks/Shapes, and writes Benchmarks/RESULTS.md:
# what was measured on which machine, at which commit, and when. Decides nothing.
#
# Usage: scripts/benchmark.sh [FOLDER] [--seconds S] [--without-kernels] [--output FILE]
#   FOLDER             looked through for .tflite files; Fixtures/models unless given
#   --seconds          how long each model runs at each number of threads; 2 unless given
#   --without-kernels  models alone
#   --output           another file to write
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

folder=$root/Fixtures/models
seconds=2
kernels=1
output=$root/Benchmarks/RESULTS.md
while [[ $# -gt 0 ]]; do
  case $1 in
    --seconds | --output)
      [[ $# -ge 2 ]] || { echo "$1 needs a value" >&2; exit 2; }
      if [[ $1 == --seconds ]]; then seconds=$2; else output=$2; fi
      shift
      ;;
    --without-kernels) kernels= ;;
    -*)
      echo "usage: scripts/benchmark.sh [FOLDER] [--seconds S] [--without-kernels] [--output FILE]" >&2
      exit 2
      ;;
    *) folder=$1 ;;
  esac
  shift
done
[[ -d $folder ]] || { echo "there is no folder $folder" >&2; exit 2; }

swift build -c release --package-path "$root" --product tinyrun >&2
tinyrun=$(swift build -c release --package-path "$root" --show-bin-path)/tinyrun

# A member of a JSON object on one line whose value is a number or a text.
member() { sed -n "s/.*\"$2\": \"\{0,1\}\([^\",}]*\)\"\{0,1\}[,}].*/\1/p" <<<"$1"; }
calculate() { awk "BEGIN { printf \"$1\", $2 }"; }

devices=$("$tinyrun" devices --json)
commit=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
if [[ -n $(git -C "$root" status --porcelain --untracked-files=no 2>/dev/null) ]]; then commit+=" with changes"; fi

partial=$(mktemp)
trap 'rm -f "$partial"' EXIT
{
  echo "# Results"
  echo
  echo "Written by \`scripts/benchmark.sh\`. Compare figures of one machine and one sitting only."
  echo
  echo "| | |"
  echo "|---|---|"
  echo "| processor | $(member "$devices" processor), $(member "$devices" architecture) |"
  echo "| cores | $(member "$devices" processors) |"
  echo "| system | $(uname -sr) |"
  echo "| kernels | $(member "$devices" chosen) |"
  echo "| commit | $commit |"
  echo "| date | $(date -u +%Y-%m-%dT%H:%MZ) |"
  echo "| load average before | $(awk '{ print $1 }' /proc/loadavg 2>/dev/null || echo unknown) |"
  echo
  if awk '{ exit !($1 > 0.5) }' /proc/loadavg 2>/dev/null; then
    echo "**The machine was busy: these figures are not those of the library alone.**"
    echo
  fi
  echo "## Models"
  echo
  echo "Latency is the median of $seconds s of runs, the least time in parentheses. The first run is that of a new process"
  echo "right after the load. Peak memory is the whole process's, one thread."
  echo
  echo "| model | ms, 1 thread | ms, 2 threads | load ms | first run ms | arena KiB | peak MiB | mallocs per run |"
  echo "|---|---|---|---|---|---|---|---|"
} >"$partial"

failed=0
while IFS= read -r model; do
  name=$(basename "$model" .tflite)
  if [[ $name == model ]]; then name=$(basename "$(dirname "$model")"); fi
  echo "$name" >&2
  if ! one=$("$tinyrun" bench "$model" --threads 1 --seconds "$seconds" --json) \
    || ! two=$("$tinyrun" bench "$model" --threads 2 --seconds "$seconds" --json); then
    echo "| $name | cannot run | | | | | | |" >>"$partial"
    failed=$((failed + 1))
    continue
  fi
  latency() { calculate "%.3f (%.3f)" "$(member "$1" p50) / 1000, $(member "$1" min) / 1000"; }
  double=$(latency "$two")
  if [[ $(member "$two" threads) != 2 ]]; then double=-; fi
  mallocs=$(member "$one" mallocs_per_run)
  if [[ $mallocs == null ]]; then mallocs="not counted"; fi
  printf '| %s | %s | %s | %.2f | %.3f | %s | %s | %s |\n' "$name" "$(latency "$one")" "$double" \
    "$(member "$one" load_ms)" "$(member "$one" first_run_ms)" \
    "$(calculate %.1f "$(member "$one" arena_bytes) / 1024")" \
    "$(calculate %.1f "$(member "$one" peak_rss_bytes) / 1048576")" "${mallocs%.0}" >>"$partial"
done < <(find -L "$folder" -name '*.tflite' | LC_ALL=C sort)

if [[ -n $kernels ]]; then
  {
    echo
    echo "## Kernels"
    echo
    echo "The layers of networks in \`Benchmarks/Shapes\`, one thread: the sum of the least time of each layer."
    echo
  } >>"$partial"
  swift run -c release --package-path "$root/Benchmarks" KernelBenchmarks "$root"/Benchmarks/Shapes/*.txt >>"$partial"
fi
cp "$partial" "$output"
echo "wrote $output; $failed models could not be run" >&2
