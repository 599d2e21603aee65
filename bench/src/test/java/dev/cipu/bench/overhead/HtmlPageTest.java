package dev.cipu.bench.overhead;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class HtmlPageTest {
    private static final String OPEN = "<script type=\"application/json\" id=\"report\">";
    private static final String CLOSE = "</script";

    private static JsonNode embedded(String page) {
        int from = page.indexOf(OPEN) + OPEN.length();
        return GuestServer.JSON.readTree(page.substring(from, page.indexOf(CLOSE, from)));
    }

    private static long count(String text, String part) {
        return Pattern.compile(Pattern.quote(part)).matcher(text).results().count();
    }

    @Test
    void theReportIsInThePageWordForWord() throws IOException {
        OverheadReport report = MadeUpReport.whole();
        assertThat(embedded(HtmlPage.of(report)))
                .isEqualTo(GuestServer.JSON.readTree(GuestServer.JSON.writeValueAsString(report)));
    }

    @Test
    void nothingIsLoaded() throws IOException {
        String page = HtmlPage.of(MadeUpReport.whole());
        assertThat(page)
                .doesNotContainPattern("(?i)<(script|img|iframe|embed|audio|video|source|input)\\b[^>]*\\bsrc\\s*=")
                .doesNotContainPattern("(?i)<(link|base)\\b")
                .doesNotContainPattern("(?i)\\burl\\(|@import|sourceMappingURL")
                .contains("default-src 'none'");
    }

    @Test
    void noTextOfAReportEndsTheScriptThatItIsIn() throws IOException {
        String evil = "</script><b>bold</b><!--<script>/*CHARTS*/ $1 \\";
        String page = HtmlPage.of(MadeUpReport.small(evil));
        String plain = HtmlPage.of(MadeUpReport.small("plain"));
        assertThat(count(page, CLOSE)).isEqualTo(count(plain, CLOSE));
        assertThat(page).doesNotContain("<b>bold").contains("/*CHARTS*/ $1 ");
        assertThat(embedded(page).get("overhead").get("missing").get(0).asString())
                .isEqualTo("missing: " + evil);
    }
}
