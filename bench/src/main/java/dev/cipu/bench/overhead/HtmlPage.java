package dev.cipu.bench.overhead;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The report as one page that needs no network: the JSON itself, a library that draws charts, and scripts that show both. */
final class HtmlPage {
    private static final String TEMPLATE = "overhead.html";

    /** The bundle of the chart library, in its own jar. */
    private static final String CHARTS = "/META-INF/resources/webjars/chart.js/4.4.9/dist/chart.umd.js";

    /** In the order in which they need each other. */
    private static final List<String> SCRIPTS =
            List.of("numbers", "charts", "profiles", "costs", "levels", "works", "server", "festival", "facts", "main");

    /** Where the template wants something put in. */
    private static final Pattern PLACE = Pattern.compile("/\\*(STYLE|CHARTS|SCRIPT|REPORT)\\*/");

    /** What leads a browser's tools from a bundle to its sources, which the page has not. */
    private static final Pattern SOURCE_MAP = Pattern.compile("(?m)^//# sourceMappingURL=.*$");

    private HtmlPage() {}

    static void write(OverheadReport report, Path file) throws IOException {
        Files.writeString(file, of(report));
    }

    /** The page's text. */
    static String of(OverheadReport report) throws IOException {
        String style = text("page/overhead.css");
        String charts = SOURCE_MAP.matcher(text(CHARTS)).replaceAll("");
        StringBuilder script = new StringBuilder();
        for (String name : SCRIPTS) {
            script.append(text("page/" + name + ".js"));
        }
        String json = inScript(GuestServer.JSON.writeValueAsString(report));
        // in one go: a report may hold a text that looks like a place
        return PLACE.matcher(text(TEMPLATE))
                .replaceAll(place -> Matcher.quoteReplacement(
                        switch (place.group(1)) {
                            case "STYLE" -> style;
                            case "CHARTS" -> charts;
                            case "SCRIPT" -> script.toString();
                            default -> json;
                        }));
    }

    /** Nothing in it may end the script that it is in. */
    private static String inScript(String someJson) {
        return someJson.replace("<", "\\u003c");
    }

    private static String text(String resource) throws IOException {
        try (InputStream in = HtmlPage.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new FileNotFoundException(resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
