#!/bin/sh
# Lets a coverage-guided fuzzer look for new inputs to one fuzz test.
#
#   scripts/fuzz.sh TARGET [SECONDS]      e.g. scripts/fuzz.sh ChainFuzzTest 600
#
# TARGET is the name of a test class with exactly one @FuzzTest; its module is found by that name. The fuzzer keeps the
# inputs it learned from in MODULE/.cifuzz-corpus (not under version control) and starts from them the next time; its
# output, which names the file of a failing input, goes to target/fuzz/TARGET/log.
# Prints the number of executions at the end. Exit code 0: nothing found; 1: a finding or no build; 2: wrong usage;
# 3: no JDK or Maven.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    echo "usage: scripts/fuzz.sh TARGET [SECONDS]" >&2
    exit 2
fi
target=$1
seconds=${2:-60}
case $seconds in
    '' | *[!0-9]*)
        echo "fuzz: SECONDS is not a number: $seconds" >&2
        exit 2
        ;;
esac
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

source=$(find . -path "*/src/test/java/*" -name "$target.java")
if [ "$(printf '%s\n' "$source" | grep -c .)" -ne 1 ] || ! grep -q '@FuzzTest' "$source"; then
    echo "fuzz: no single test class $target with a @FuzzTest; there are:" >&2
    grep -rl --include='*.java' '^ *@FuzzTest' ./*/src/test/java | sed 's|.*/||; s|\.java$||; s|^|  |' >&2
    exit 2
fi
module=${source#./}
module=${module%%/*}
class=${source#*/src/test/java/}
class=$(printf '%s' "${class%.java}" | tr / .)
work=$root/target/fuzz/$target
mkdir -p "$work"

. "$root/scripts/jdk.sh"
jdk_find || exit 3
jdk_maven || exit 3

echo "fuzz: $class in module $module for $seconds s"
log=$work/log
result=0
JAZZER_FUZZ=1 JAZZER_MAX_DURATION="${seconds}s" \
    mvn -B -pl "$module" -am test -Dtest="$target" -Dsurefire.failIfNoSpecifiedTests=false \
    -Djacoco.skip=true -Dspotless.check.skip=true >"$log" 2>&1 || result=1

if [ "$result" -ne 0 ]; then
    grep -E '^==|ERROR|Exception|Error:|Test unit written|crash-' "$log" | head -40 >&2
    echo "fuzz: failed; everything is in $log" >&2
fi
# the fuzzer's last status line begins with the number of executions: "#12345 DONE cov: ..."
executions=$(sed -n 's/.*#\([0-9][0-9]*\)[[:space:]].*cov:.*/\1/p' "$log" | tail -n 1)
echo "fuzz: $target, executions: ${executions:-0}"
exit "$result"
