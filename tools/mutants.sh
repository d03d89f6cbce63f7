#!/usr/bin/env bash
# Makes the changes of Raft.Tests/Golden/mutants.txt, one after the other, in a copy of the tree, and looks whether the test
# that stands beside each goes red. Prints a line for each: red, GREEN, or does not build. Arguments choose items by id.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

build() {
  dotnet build -c Release Raft.Tests -v:q -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false "$@" </dev/null >build.log 2>&1
}

(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf -) | tar -xf - -C "$copy"
cd "$copy"
build || { cat build.log; exit 2; }

failed=0
while IFS= read -r line; do
  fields=()
  rest="$line | "
  while [[ "$rest" == *" | "* ]]; do
    fields+=("${rest%%" | "*}")
    rest="${rest#*" | "}"
  done
  [ "${#fields[@]}" -eq 5 ] || continue
  id="${fields[0]}" file="${fields[1]}" old="${fields[2]}" new="${fields[3]}" test="${fields[4]}"
  if [ $# -gt 0 ] && [[ " $* " != *" $id "* ]]; then
    continue
  fi

  cp "$file" original
  content="$(cat "$file"; printf x)"
  content="${content%x}"
  printf '%s' "${content/"$old"/"$new"}" >"$file"
  if cmp -s "$file" original; then
    outcome="does not apply"
  elif ! build --no-restore; then
    outcome="does not build"
  elif timeout 300 dotnet test -c Release --no-build Raft.Tests --filter "FullyQualifiedName~$test" </dev/null >test.log 2>&1; then
    outcome=GREEN
  else
    outcome=red
  fi

  [ "$outcome" = red ] || failed=1
  echo "$id $outcome ($test)"
  cp original "$file"
done <Raft.Tests/Golden/mutants.txt
exit "$failed"
