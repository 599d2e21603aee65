package dev.cipu.bench.overhead;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The report as one page that needs no network: the JSON itself, a library that draws charts, and a script that shows both. */
final class HtmlPage {
    private static final String TEMPLATE = "overhead.html";

    /** The bundle of the chart library, in its own jar. */
    private static final String CHARTS = "/META-INF/resources/webjars/chart.js/4.4.9/dist/chart.umd.js";

    private HtmlPage() {}

    static void write(OverheadReport report, Path file) throws IOException {
        Files.writeString(file, of(report));
    }

    /** The page's text. */
    static String of(OverheadReport report) throws IOException {
        return text(TEMPLATE)
                .replace("/*CHARTS*/", text(CHARTS))
                .replace("/*REPORT*/", inScript(GuestServer.JSON.writeValueAsString(report)));
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
