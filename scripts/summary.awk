# Reads surefire's and failsafe's XML reports; prints every failed and skipped test with its reason, one line a suite, the total.
# Suites are told apart by class name: *PeerIT peer, other *IT integration, *FuzzTest fuzz, *PropertyTest property, the rest unit.
# The exit status is 1 when a test failed.

function attribute(text, name,    at, rest) {
  at = index(text, " " name "=\"")
  if (at == 0) return ""
  rest = substr(text, at + length(name) + 3)
  return substr(rest, 1, index(rest, "\"") - 1)
}

function plain(text) {
  gsub(/&#10;|[ \t\n]+/, " ", text)
  sub(/^ */, "", text)
  gsub(/&quot;/, "\"", text); gsub(/&apos;/, "'", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&amp;/, "\\&", text)
  return length(text) > 300 ? substr(text, 1, 300) "..." : text
}

function suite_of(class) {
  if (class ~ /PeerIT$/) return "peer"
  if (class ~ /IT$/) return "integration"
  if (class ~ /FuzzTest$/) return "fuzz"
  if (class ~ /PropertyTest$/) return "property"
  return "unit"
}

function tell(outcome,    reason) {
  gsub(/\n/, " ")
  reason = attribute($0, "message")
  untold = outcome " " test ": "
  if (reason != "") {
    print untold plain(reason)
    untold = ""
  }
}

function short(class) { sub(/.*\./, "", class); return class }

# One element a record, whatever the line breaks.
BEGIN { RS = "<"; order = "unit property fuzz integration peer" }

/^testsuite[ \n]/ {
  gsub(/\n/, " ")
  suite = suite_of(attribute($0, "name"))
  bad = attribute($0, "failures") + attribute($0, "errors")
  skip = attribute($0, "skipped")
  passed[suite] += attribute($0, "tests") - bad - skip
  failed[suite] += bad
  skipped[suite] += skip
  time = attribute($0, "time"); gsub(/,/, "", time)
  seconds[suite] += time
}
/^testcase[ \n]/ {
  gsub(/\n/, " ")
  test = short(attribute($0, "classname")) (attribute($0, "name") == "" ? "" : "." attribute($0, "name"))
}
/^(failure|error)[ >\n]/ { tell("failed  ") }
/^skipped[ >\/\n]/ { tell("skipped ") }
# The reason of an assumption stands in the first line of the stack trace alone.
/^!\[CDATA\[/ && untold != "" {
  sub(/^!\[CDATA\[/, ""); sub(/\n.*/, ""); sub(/^[A-Za-z0-9_.$]*: /, ""); sub(/^Assumption failed: /, "")
  print untold plain($0)
  untold = ""
}

END {
  n = split(order, suites, " ")
  for (i = 1; i <= n; i++) {
    s = suites[i]
    if (!(s in passed)) continue
    printf "%-12s %5d passed %4d failed %4d skipped %8.1f s\n", s, passed[s], failed[s], skipped[s], seconds[s]
    p += passed[s]; f += failed[s]; k += skipped[s]
  }
  printf "%d passed, %d failed, %d skipped\n", p, f, k
  exit f > 0
}
