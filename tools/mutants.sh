#!/usr/bin/env bash
# Makes the changes of Raft.Tests/Golden/mutants.txt, one after the other, in a copy of the tree, and looks whether the test
# that stands beside each goes red; before, all of them must be green. Prints a line for each change: red, GREEN, does not
# build or does not apply. Arguments choose items by id.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

build() {
  dotnet build -c Release Raft.Tests -v:q -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false "$@" </dev/null >build.log 2>&1
}

run_tests() {
  timeout 300 dotnet test -c Release --no-build Raft.Tests --filter "$1" </dev/null >test.log 2>&1
}

# Splits a line into fields, and says whether it is a change that was asked for.
read_change() {
  local rest="$1 | "
  fields=()
  while [[ "$rest" == *" | "* ]]; do
    fields+=("${rest%%" | "*}")
    rest="${rest#*" | "}"
  done
  [[ "$1" != "#"* ]] && [ "${#fields[@]}" -eq 5 ] && { [ -z "$chosen" ] || [[ " $chosen " == *" ${fields[0]} "* ]]; }
}

chosen="$*"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf -) | tar -xf - -C "$copy"
cd "$copy"
build || { cat build.log; exit 2; }
mapfile -t lines <Raft.Tests/Golden/mutants.txt
filter=""
for line in "${lines[@]}"; do
  if read_change "$line"; then
    filter+="${filter:+|}FullyQualifiedName~${fields[4]}"
  fi
done
run_tests "$filter" || { cat test.log; exit 2; }

failed=0
for line in "${lines[@]}"; do
  read_change "$line" || continue
  id="${fields[0]}" file="${fields[1]}" old="${fields[2]}" new="${fields[3]}" test="${fields[4]}"
  cp "$file" original
  content="$(cat "$file"; printf x)"
  content="${content%x}"
  printf '%s' "${content/"$old"/"$new"}" >"$file"
  if cmp -s "$file" original; then
    outcome="does not apply"
  elif ! build --no-restore; then
    outcome="does not build"
  elif run_tests "FullyQualifiedName~$test"; then
    outcome=GREEN
  else
    outcome=red
  fi

  [ "$outcome" = red ] || failed=1
  echo "$id $outcome ($test)"
  cp original "$file"
done
exit "$failed"
