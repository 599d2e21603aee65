package dev.cipu.bench.conformance;

import dev.cipu.virtio.conformance.Requirement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Every requirement with the tests that show it, or the reason why none does.
 *
 * @param pending requirements that somebody has still to show: a debt, to be empty
 */
record ConformanceMap(List<Requirement> requirements, TestMarks marks, Excuses notApplicable, Excuses pending) {
    /** Tests named in a line of the page; more are counted. */
    private static final int NAMED = 4;

    private static final Map<String, String> GROUPS = groups();

    private static Map<String, String> groups() {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("BF", "Basic facilities");
        names.put("SR", "Split rings");
        names.put("PR", "Packed rings");
        names.put("PC", "PCI transport");
        names.put("NT", "Network device");
        names.put("BK", "Block device");
        return names;
    }

    /** What is wrong with the map: every id must have exactly one of tests, reason and debtor. */
    List<String> problems() {
        List<String> problems = new ArrayList<>(notApplicable.problems());
        problems.addAll(pending.problems());
        marks.misplaced().forEach(at -> problems.add(at + " carries a requirement and is no test that the build runs"));
        Set<String> unknown = new LinkedHashSet<>(marks.tests().keySet());
        for (Requirement each : requirements) {
            unknown.remove(each.id());
            List<String> found = new ArrayList<>();
            if (!marks.of(each.id()).isEmpty()) {
                found.add("tested by " + String.join(", ", marks.of(each.id())));
            }
            if (notApplicable.words().containsKey(each.id())) {
                found.add("not applicable");
            }
            if (pending.words().containsKey(each.id())) {
                found.add("pending");
            }
            if (found.isEmpty()) {
                problems.add(each.id() + " has no test and no reason: " + each.text());
            } else if (found.size() > 1) {
                problems.add(each.id() + " is " + String.join(" and ", found));
            }
        }
        unknown.forEach(id -> problems.add(
                "no requirement has the id " + id + ", which these tests name: " + String.join(", ", marks.of(id))));
        return problems;
    }

    /** The page, for people. */
    String page() {
        StringBuilder page = new StringBuilder("""
                # Conformance

                What the VIRTIO specification, version 1.4, demands of a device, in our words, and the test that shows that the \
                card does it. This
                page is generated, and a test fails while it is out of date; `scripts/docs.sh` writes it anew. The tests of this \
                page are those
                that carry the requirement's id, `@Conforms("SR-012")`. The build fails when one of them does, so a \
                requirement with a test is
                met. Tests whose names end in `PeerIT` need other people's programs: `./check` runs them, a plain `mvn \
                verify` does not.

                Levels are the words of the specification; *stated* stands for what its text says as a fact.

                | group | requirements | tested | not applicable | pending |
                |---|---:|---:|---:|---:|
                """);
        GROUPS.forEach((group, name) -> total(page, name + " (" + group + ")", inGroup(group)));
        total(page, "all", requirements);
        GROUPS.forEach((group, name) -> group(page, name, inGroup(group)));
        return page.toString();
    }

    private List<Requirement> inGroup(String group) {
        return requirements.stream().filter(each -> each.group().equals(group)).toList();
    }

    private void total(StringBuilder page, String name, List<Requirement> some) {
        page.append("| %s | %d | %d | %d | %d |%n"
                .formatted(
                        name,
                        some.size(),
                        some.stream()
                                .filter(each -> !marks.of(each.id()).isEmpty())
                                .count(),
                        some.stream()
                                .filter(each -> notApplicable.words().containsKey(each.id()))
                                .count(),
                        some.stream()
                                .filter(each -> pending.words().containsKey(each.id()))
                                .count()));
    }

    private void group(StringBuilder page, String name, List<Requirement> some) {
        page.append("\n## ").append(name).append("\n\n");
        page.append("| id | level | what | verified by | verdict or reason |\n|---|---|---|---|---|\n");
        for (Requirement each : some) {
            page.append("| %s | %s | %s | %s | %s |%n"
                    .formatted(
                            each.id(),
                            each.level().equals("STATED") ? "*stated*" : each.level(),
                            cell(each.text()),
                            tests(each.id()),
                            verdict(each.id())));
        }
    }

    private String tests(String id) {
        Set<String> all = marks.of(id);
        List<String> shown = new ArrayList<>(
                all.stream().limit(NAMED).map(test -> "`" + test + "`").toList());
        if (all.size() > NAMED) {
            shown.add("and " + (all.size() - NAMED) + " more");
        }
        return String.join("<br>", shown);
    }

    private String verdict(String id) {
        if (!marks.of(id).isEmpty()) {
            return "met";
        }
        String reason = notApplicable.words().get(id);
        if (reason != null) {
            return "n/a: " + cell(reason);
        }
        String who = pending.words().get(id);
        return who == null ? "unknown" : "pending: " + cell(who);
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("_", "\\_").replace("*", "\\*").replace("<", "&lt;");
    }
}
