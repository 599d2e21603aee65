package dev.cipu.shim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.cli.JUnitXml.Case;
import dev.cipu.shim.cli.JUnitXml.Outcome;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class JUnitXmlTest {
    @Test
    void aParserFindsWhatWasWritten() throws Exception {
        String text = JUnitXml.text(
                "cipu conform <net>",
                List.of(
                        new Case("A-1 \"quoted\" & more", Outcome.PASSED, "seen", 0.5),
                        new Case("A-2", Outcome.FAILED, "used <4> \u0001 bytes", 0.25),
                        new Case("A-3", Outcome.SKIPPED, "not offered", 0)));
        Element suite = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)))
                .getDocumentElement();
        assertThat(suite.getAttribute("name")).isEqualTo("cipu conform <net>");
        assertThat(suite.getAttribute("tests")).isEqualTo("3");
        assertThat(suite.getAttribute("failures")).isEqualTo("1");
        assertThat(suite.getAttribute("skipped")).isEqualTo("1");
        assertThat(suite.getAttribute("time")).isEqualTo("0.750");
        Element failure = (Element) suite.getElementsByTagName("failure").item(0);
        assertThat(failure.getAttribute("message")).isEqualTo("used <4>   bytes");
        Element first = (Element) suite.getElementsByTagName("testcase").item(0);
        assertThat(first.getAttribute("name")).isEqualTo("A-1 \"quoted\" & more");
    }
}
