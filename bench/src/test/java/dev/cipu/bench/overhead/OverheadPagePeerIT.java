package dev.cipu.bench.overhead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipu.bench.process.Program;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page as a browser shows it. */
class OverheadPagePeerIT {
    private static final List<String> PEERS =
            List.of(System.getProperty("cipu.peers", "").split(",", -1));
    private static final int WIDTH = 1280;
    private static final int HEIGHT = 2000;

    /** An element that shows a figure: its id, and its text up to the mark. */
    private static final Pattern SHOWN =
            Pattern.compile("<[a-z]+(?:\\s[a-z-]+(?:=\"[^\"]*\")?)*?\\sdata-figure=\"([^\"]*)\"[^<]*?>([^<>]*)<");

    private static final Pattern CANVAS = Pattern.compile("<canvas\\b[^>]*>");
    private static final Pattern INK = Pattern.compile("data-ink=\"(\\d+)\"");
    private static final Pattern NUMBER =
            Pattern.compile("(\\u2212?)([0-9,]*\\.?[0-9]+(?:e[+-]?[0-9]+)?)( [KM]\\b)?.*");

    /** Counts what is drawn, looks whether anything is wider than the window, and asks a number where it comes from. */
    private static final String PROBE = """
            <script>
              for (const canvas of document.querySelectorAll('canvas')) {
                const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                canvas.dataset.ink = pixels.filter((value, index) => index % 4 === 3 && value > 0).length;
              }
              const root = document.documentElement;
              root.dataset.fits = root.scrollWidth <= root.clientWidth;
              document.querySelector('button.figure').click();
            </script>
            </body>""";

    @TempDir
    private Path folder;

    @BeforeEach
    void browser() {
        assumeTrue(PEERS.contains("chromium"), "chromium is missing (Debian: chromium)");
    }

    private String chromium(Path page, String... arguments) throws IOException, InterruptedException {
        Path profile = Files.createTempDirectory(folder, "profile");
        Path output = Files.createTempFile(folder, "dom", ".html");
        List<String> command = new ArrayList<>(List.of(
                Program.find("chromium", Program.searchPath(), "chromium"),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--force-device-scale-factor=1",
                "--user-data-dir=" + profile,
                "--window-size=" + WIDTH + "," + HEIGHT,
                "--virtual-time-budget=5000"));
        command.addAll(List.of(arguments));
        command.add(page.toUri().toString());
        Process process = new ProcessBuilder(command)
                .redirectOutput(output.toFile())
                .redirectError(folder.resolve("chromium.log").toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS))
                    .as("chromium ends by itself")
                    .isTrue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
        assertThat(process.exitValue())
                .as(Files.readString(folder.resolve("chromium.log")))
                .isZero();
        return Files.readString(output);
    }

    private String dom(OverheadReport report) throws IOException, InterruptedException {
        Path page = folder.resolve("page.html");
        Files.writeString(page, HtmlPage.of(report).replace("</body>", PROBE));
        return chromium(page, "--dump-dom");
    }

    /** A number as people read it, as a number again. */
    private static double parse(String text) {
        Matcher matcher = NUMBER.matcher(text);
        assertThat(matcher.matches()).as("a number: %s", text).isTrue();
        String scale = matcher.group(3) == null ? "" : matcher.group(3).strip();
        double value = Double.parseDouble(matcher.group(2).replace(",", ""));
        double scaled = scale.equals("M") ? value * 1e6 : scale.equals("K") ? value * 1e3 : value;
        return matcher.group(1).isEmpty() ? scaled : -scaled;
    }

    private static Set<String> check(OverheadReport report, String dom) {
        assertThat(dom.substring(0, 400)).contains("data-ready=\"true\"").contains("data-fits=\"true\"");
        assertThat(dom).as("no errors").contains("<div id=\"errors\" hidden=\"\"></div>");
        Map<String, Figure> figures = new HashMap<>();
        report.overhead().figures().forEach(figure -> figures.put(figure.id(), figure));
        Set<String> shown = new HashSet<>();
        long elements = 0;
        for (MatchResult element : (Iterable<MatchResult>) SHOWN.matcher(dom).results()::iterator) {
            Figure figure = figures.get(element.group(1));
            assertThat(figure).as(element.group()).isNotNull();
            double value = figure.value();
            // three digits, or two of what is very little
            double tolerance = Math.abs(value) * (Math.abs(value) < 1e-3 ? 0.051 : 0.0051);
            assertThat(parse(element.group(2))).as(element.group()).isEqualTo(value, within(tolerance));
            shown.add(figure.id());
            elements++;
        }
        assertThat(elements)
                .as("no element escapes the pattern")
                .isEqualTo(Pattern.compile(" data-figure=\"")
                        .matcher(dom)
                        .results()
                        .count());
        assertThat(dom).as("the first number tells how it came about").contains("Calculated: <code>");
        return shown;
    }

    private static int drawnCharts(String dom) {
        int charts = 0;
        for (MatchResult canvas : (Iterable<MatchResult>) CANVAS.matcher(dom).results()::iterator) {
            Matcher ink = INK.matcher(canvas.group());
            assertThat(ink.find()).as(canvas.group()).isTrue();
            assertThat(Integer.parseInt(ink.group(1))).as(canvas.group()).isGreaterThan(5_000);
            charts++;
        }
        return charts;
    }

    @Test
    void everyNumberOnThePageIsAFigureAndEveryChartIsDrawn() throws IOException, InterruptedException {
        OverheadReport report = MadeUpReport.whole();
        String dom = dom(report);
        Set<String> shown = check(report, dom);
        assertThat(shown)
                .contains(
                        "published/2016-lost",
                        "server/card/100/burned",
                        "server/interrupt/10/left",
                        "packets-64B/vmm/hostSecondsPerMillion",
                        "reads/poll/driverWorkNanosPerOp",
                        "both/card/packetP999Micros",
                        "both/card/requestCopies",
                        "level/reads/interrupt/25/costNanosPerOp",
                        "double-11/card/peak/requestLostPercent");
        // two of a work, a third of both, levels of two, profiles of one, two of the server, four of the festival
        assertThat(drawnCharts(dom)).isEqualTo(3 * 2 + 1 + 2 + 1 + 2 + 4);
    }

    @Test
    void doesWithoutPeersAndPacketsAndTakesWordsAsWords() throws IOException, InterruptedException {
        OverheadReport report = MadeUpReport.small("</script><b id=\"evil\">bold</b><img src=x onerror=alert(1)>");
        String dom = dom(report);
        Set<String> shown = check(report, dom);
        assertThat(shown).contains("reads/card/hostSecondsPerMillion").doesNotContain("server/card/100/burned");
        assertThat(dom.replaceAll("(?s)<script.*?</script>", ""))
                .contains("&lt;b id=")
                .doesNotContain("<b id=")
                .doesNotContain("<img");
        assertThat(drawnCharts(dom)).isEqualTo(2 + 1 + 1 + 2 + 4);
    }

    @Test
    void isAPictureOfManyColours() throws IOException, InterruptedException {
        Path page = folder.resolve("page.html");
        HtmlPage.write(MadeUpReport.whole(), page);
        Path file = folder.resolve("page.png");
        chromium(page, "--screenshot=" + file);
        BufferedImage picture = ImageIO.read(file.toFile());
        assertThat(picture).isNotNull();
        assertThat(picture.getWidth()).isEqualTo(WIDTH);
        assertThat(picture.getHeight()).isEqualTo(HEIGHT);
        Set<Integer> colours = new HashSet<>();
        for (int y = 0; y < HEIGHT; y += 3) {
            for (int x = 0; x < WIDTH; x += 3) {
                colours.add(picture.getRGB(x, y));
            }
        }
        assertThat(colours).hasSizeGreaterThan(50);
    }
}
