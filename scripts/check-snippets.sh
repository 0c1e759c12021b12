#!/usr/bin/env bash
# Compiles the Swift in the documents: every ```swift block of README.md, of the .docc articles and of documentation
# comments in Sources. A document that shows code that does not compile fails.
#
# Usage: scripts/check-snippets.sh [--write FOLDER PACKAGE[:PROGRAM...]...]
#   --write FOLDER PACKAGE...   compares excerpts, and writes the package to be compiled to a new folder; who asks for
#                               it compiles it. It depends on this package, or, where TINYTENSOR_URL is set, on that
#                               repository, and on the packages in the folders PACKAGE, each with a program of its
#                               name unless it says other ones, so that a build of it builds them, too.
#
# What a block is decides how it is checked:
#   - ```swift no-compile           not at all: package manifests and what must not compile
#   - its first line is             it must be an excerpt of that file: the same lines, indentation aside.
#     // Sources/some/file.swift    A line `// ...` stands for lines left out.
#   - it has a line `import ...`    a program of its own
#   - anything else                 the inside of a function that has `model`, `session`, `image`, `scores`, `pixels`
#                                   (the bytes of an image) and `bytes` (those of a file), and may await and throw;
#                                   all libraries are imported
# Nothing is run.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
package=$work/Snippets
build=yes
packages="" products=""
if [[ ${1:-} == --write ]]; then
  package=$2
  build=no
  for entry in "${@:3}"; do
    IFS=: read -r -a parts <<<"$entry"
    name=$(basename "${parts[0]}")
    packages+=", .package(path: \"${parts[0]}\")"
    programs=("${parts[@]:1}")
    if [[ ${#programs[@]} -eq 0 ]]; then programs=("$name"); fi
    for program in "${programs[@]}"; do
      products+="  .product(name: \"$program\", package: \"$name\"),"$'\n'
    done
  done
  unset programs
fi
mkdir -p "$work/blocks" "$package/Sources/Fragments"

documents=(README.md)
while IFS= read -r file; do
  documents+=("$file")
done < <(find Sources -name '*.md' -path '*.docc/*' | sort; grep -rlE '^ */// ```swift' Sources --include='*.swift' | sort)

# One file for each block, DOCUMENT-NUMBER.LINE, with the block's information string in its first line.
for index in "${!documents[@]}"; do
  document=${documents[$index]}
  if [[ $document == *.swift ]]; then
    # Comments without their slashes; code becomes empty lines, so that lines keep their numbers.
    sed -E -e 's,^ */// ?,,;t' -e 's,.*,,' "$document"
  else
    cat "$document"
  fi | awk -v prefix="$work/blocks/$index" '
    !inside && /^```swift/ { inside = 1; file = prefix "." (NR + 1); print substr($0, 4) > file; next }
    !inside && /^```/ { inside = 2; next }
    inside && /^```[ ]*$/ { if (inside == 1) close(file); inside = 0; next }
    inside == 1 { print > file }
  '
done

trimmed() { sed -E 's/^[[:space:]]+//' "$@"; }

status=0
programs=0 fragments=0 excerpts=0 skipped=0
targets=""
for block in $(find "$work/blocks" -type f | sort -V); do
  name=$(basename "$block")
  document=${documents[${name%%.*}]}
  line=${name##*.}
  if [[ $(head -n 1 "$block") == *no-compile* ]]; then
    skipped=$((skipped + 1))
    continue
  fi
  first=$(sed -n 2p "$block")
  if [[ $first =~ ^//\ ((Sources|Tests|Examples)/[^ ]+)$ ]]; then
    excerpts=$((excerpts + 1))
    source=${BASH_REMATCH[1]}
    if [[ ! -f $source ]]; then
      echo "$document:$line: there is no file $source" >&2
      status=1
      continue
    fi
    text=$'\n'$(trimmed "$source")$'\n'
    part=""
    while IFS= read -r row; do
      if [[ $row == "// ..." ]]; then
        if [[ -n ${part//$'\n'/} && $text != *$'\n'"$part"* ]]; then
          echo "$document:$line: these lines are not in $source:"$'\n'"$part" >&2
          status=1
        fi
        part=""
      else
        part+=$row$'\n'
      fi
    done < <(sed 1,2d "$block" | trimmed; echo "// ...")
    continue
  fi
  label="#sourceLocation(file: \"$document\", line: $line)"
  if grep -qE '^(@[^ ]+ )?import ' "$block"; then
    programs=$((programs + 1))
    target="Program$programs"
    mkdir "$package/Sources/$target"
    { echo "$label"; sed 1d "$block"; } >"$package/Sources/$target/main.swift"
    targets+="    .executableTarget(name: \"$target\", dependencies: libraries, swiftSettings: quiet),"$'\n'
  else
    fragments=$((fragments + 1))
    {
      echo "import FlatbufferReader"
      echo "import ImageFiles"
      echo "import TinyTensor"
      echo "func fragment$fragments("
      echo "  model: Model, image: Input, scores: Output, pixels: [UInt8], bytes: [UInt8]"
      echo ") async throws {"
      echo "  var session = try model.makeSession()"
      echo "  session.reset()"
      echo "  do {"
      echo "$label"
      sed 1d "$block"
      echo "#sourceLocation()"
      echo "  }"
      echo "}"
    } >"$package/Sources/Fragments/Fragment$fragments.swift"
  fi
done
if [[ $((programs + fragments)) -eq 0 ]]; then
  echo "no Swift was found in the documents" >&2
  exit 1
fi

cat >"$package/Package.swift" <<MANIFEST
// swift-tools-version: 6.3
import PackageDescription

let tinyTensor: Package.Dependency =
  if let url = Context.environment["TINYTENSOR_URL"] {
    .package(url: url, from: "0.1.0")
  } else {
    .package(name: "TinyTensor", path: "$root")
  }
let libraries: [Target.Dependency] = ["FlatbufferReader", "ImageFiles", "TinyTensor"].map {
  .product(name: \$0, package: "TinyTensor")
}
// Built with this package.
let programs: [Target.Dependency] = [
$products]
// Values that a block makes and does not use are no mistake.
let quiet: [SwiftSetting] = [.unsafeFlags(["-suppress-warnings"])]
let package = Package(
  name: "Snippets",
  platforms: [.macOS(.v15)],
  dependencies: [tinyTensor$packages],
  targets: [
    .target(name: "Fragments", dependencies: libraries + programs, swiftSettings: quiet),
$targets  ]
)
MANIFEST

what="are written"
if [[ $build == yes && $status -eq 0 ]]; then
  what=compile
  # Debug builds, without what debuggers and editors need.
  if ! swift build --quiet --package-path "$package" --scratch-path "$work/build" --disable-index-store \
    -Xswiftc -gnone; then
    echo "THE DOCUMENTS HOLD SWIFT THAT DOES NOT COMPILE" >&2
    status=1
  fi
fi
if [[ $status -eq 0 ]]; then
  echo "$programs programs and $fragments fragments $what, $excerpts excerpts match, $skipped blocks are not compiled"
fi
exit "$status"
