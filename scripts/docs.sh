#!/bin/sh
# Writes the pages of docs/ that are made of code and tests: docs/conformance.md, docs/virtio-support.md,
# docs/cards.md and docs/model-validation.md.
#
#   scripts/docs.sh
#
# Also strikes from the list of pending requirements those that have a test by now, and adds to the list of what peers negotiated
# what this working copy's integration tests recorded since its last clean build.
# Exit code 0: the pages are up to date; 1: no build, or a requirement without a test and without a reason; 3: no JDK or Maven.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. "$root/scripts/jdk.sh"
jdk_find || exit 3
jdk_maven || exit 3

mvn -q -B -ntp -pl bench -am test -Dcipu.docs=write \
    -Dtest='ConformanceMapTest,VirtioSupportTest,CardsPageTest,ModelValidationPageTest' -Dsurefire.failIfNoSpecifiedTests=false || exit 1
git status --short docs bench/src/test/resources 2>/dev/null || true
