package dev.cipu.shim.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Results in the XML that CI systems know from JUnit. */
final class JUnitXml {
    /** How a case ended. */
    enum Outcome {
        PASSED,
        FAILED,
        SKIPPED
    }

    /** One line of the results. */
    record Case(String name, Outcome outcome, String message, double seconds) {}

    private JUnitXml() {}

    /** @throws UncheckedIOException if the file cannot be written */
    static void write(String suite, List<Case> cases, String file) {
        try {
            Files.writeString(Path.of(file), text(suite, cases));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text(String suite, List<Case> cases) {
        StringBuilder xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        xml.append(String.format(
                Locale.ROOT,
                "<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" skipped=\"%d\" time=\"%.3f\">%n",
                escape(suite),
                cases.size(),
                count(cases, Outcome.FAILED),
                count(cases, Outcome.SKIPPED),
                cases.stream().mapToDouble(Case::seconds).sum()));
        for (Case one : cases) {
            xml.append(String.format(
                    Locale.ROOT,
                    "  <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\">",
                    escape(suite),
                    escape(one.name()),
                    one.seconds()));
            String message = escape(one.message());
            xml.append(
                    switch (one.outcome()) {
                        case PASSED -> "<system-out>" + message + "</system-out>";
                        case FAILED -> "<failure message=\"" + message + "\"/>";
                        case SKIPPED -> "<skipped message=\"" + message + "\"/>";
                    });
            xml.append("</testcase>\n");
        }
        return xml.append("</testsuite>\n").toString();
    }

    private static long count(List<Case> cases, Outcome outcome) {
        return cases.stream().filter(one -> one.outcome() == outcome).count();
    }

    /** Control characters are no part of XML at all. */
    private static String escape(String text) {
        StringBuilder safe = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> safe.append("&amp;");
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '"' -> safe.append("&quot;");
                default -> safe.append(c < ' ' ? ' ' : c);
            }
        }
        return safe.toString();
    }
}
