#!/bin/sh
# Runs the memory-ordering tests of both rings under jcstress for longer than ./check does.
#
#   scripts/stress.sh [OPTION...]      e.g. scripts/stress.sh -m quick, or scripts/stress.sh -t PackedEvent -time 5000 -iters 5
#
# OPTIONs are jcstress's; without any it uses its own defaults, which takes most of an hour. Its report is
# virtio/target/jcstress/report/index.html, what it said output.txt beside it.
# Exit code 0: no forbidden outcome; 1: one, or no build; 3: no JDK or Maven.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. "$root/scripts/jdk.sh"
jdk_find || exit 3
jdk_maven || exit 3

mvn -q -B -ntp -pl virtio -am verify -Dtest=NONE -Dsurefire.failIfNoSpecifiedTests=false \
    -Dit.test=RingStressIT -Dfailsafe.failIfNoSpecifiedTests=false -Dcipu.stress="${*:--m default}" || exit 1
