package dev.cipu.shim.sim.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ChartsTest {
    private static Document parsed(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
    }

    private static double number(Document document, String tag, int index, String attribute) {
        return Double.parseDouble(((Element) document.getElementsByTagName(tag).item(index)).getAttribute(attribute));
    }

    @Test
    void partsOfAStackLieOneAfterTheOther() throws Exception {
        Document chart = parsed(StackChart.of(
                List.of(
                        new StackChart.Row(
                                "a <b>", List.of(new StackChart.Segment("x", 30), new StackChart.Segment("y & z", 70))),
                        new StackChart.Row("half", List.of(new StackChart.Segment("y & z", 50)))),
                value -> value + " ns"));
        double first = number(chart, "rect", 0, "width");
        assertThat(number(chart, "rect", 1, "width")).isEqualTo(first / 30 * 70);
        assertThat(number(chart, "rect", 1, "x")).isEqualTo(number(chart, "rect", 0, "x") + first);
        assertThat(number(chart, "rect", 2, "width")).isEqualTo(first / 30 * 50);
        assertThat(chart.getElementsByTagName("text").item(0).getTextContent()).isEqualTo("a <b>");
        assertThat(chart.getElementsByTagName("title").item(1).getTextContent()).isEqualTo("y & z: 70.0 ns");
    }

    @Test
    void aBarIsAsLongAsItsValue() throws Exception {
        Document chart = parsed(BarChart.of(
                List.of(
                        new BarChart.Bar("all", 1, "100 %"),
                        new BarChart.Bar("more", 7, ""),
                        new BarChart.Bar("a half", 0.5, "50 %")),
                1));
        double all = number(chart, "rect", 1, "width");
        assertThat(number(chart, "rect", 3, "width")).isEqualTo(all);
        assertThat(number(chart, "rect", 5, "width")).isEqualTo(all / 2);
    }

    @Test
    void whatLiesFarApartIsShownOnALogarithmicAxis() throws Exception {
        List<PlotChart.Point> points = List.of(
                new PlotChart.Point(1, 0, "first"), new PlotChart.Point(10, 5, ""), new PlotChart.Point(100, 10, ""));
        Document chart = parsed(PlotChart.of(
                "x", String::valueOf, "y", String::valueOf, List.of(new PlotChart.Series("s", points, true))));
        double first = number(chart, "circle", 0, "cx");
        double last = number(chart, "circle", 2, "cx");
        assertThat(number(chart, "circle", 1, "cx")).isEqualTo((first + last) / 2);
        double top = number(chart, "circle", 2, "cy");
        double bottom = number(chart, "circle", 0, "cy");
        assertThat(number(chart, "circle", 1, "cy")).isEqualTo((top + bottom) / 2);
        NodeList texts = chart.getElementsByTagName("text");
        assertThat(texts.getLength()).isGreaterThan(12);
        assertThat(parsed(PlotChart.of("x", String::valueOf, "y", String::valueOf, List.of())))
                .isNotNull();
    }

    @Test
    void aPageQuotesWhatItIsGiven() {
        String text = new Page("a <script>")
                .table(List.of("h"), List.of(List.of("1 < 2")))
                .text();
        assertThat(text).contains("a &lt;script&gt;", "<td>1 &lt; 2</td>").doesNotContain("<script>");
    }
}
