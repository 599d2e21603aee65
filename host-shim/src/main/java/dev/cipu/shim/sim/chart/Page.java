package dev.cipu.shim.sim.chart;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A page that needs no network and no script: headings, paragraphs, tables and charts, in the order in which they are added. */
public final class Page {
    private static final String STYLE = """
            body { font: 15px/1.45 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
            h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
            table { border-collapse: collapse; font-size: .9rem; } svg { max-width: 100%; height: auto; }
            th, td { padding: .2rem .7rem .2rem 0; text-align: left; border-bottom: 1px solid #ddd; }
            """;

    private final String title;
    private final StringBuilder body = new StringBuilder();

    public Page(String title) {
        this.title = title;
        body.append("<h1>").append(Svg.escape(title)).append("</h1>\n");
    }

    public Page heading(String words) {
        body.append("<h2>").append(Svg.escape(words)).append("</h2>\n");
        return this;
    }

    public Page paragraph(String words) {
        body.append("<p>").append(Svg.escape(words)).append("</p>\n");
        return this;
    }

    /** A chart of this package. */
    public Page chart(String svg) {
        body.append("<figure>\n").append(svg).append("</figure>\n");
        return this;
    }

    public Page table(List<String> head, List<List<String>> rows) {
        body.append("<table>\n");
        row("th", head);
        rows.forEach(each -> row("td", each));
        body.append("</table>\n");
        return this;
    }

    private void row(String cell, List<String> words) {
        body.append("<tr>");
        for (String each : words) {
            body.append('<')
                    .append(cell)
                    .append('>')
                    .append(Svg.escape(each))
                    .append("</")
                    .append(cell)
                    .append('>');
        }
        body.append("</tr>\n");
    }

    /** The page's text. */
    public String text() {
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + Svg.escape(title)
                + "</title>\n<style>\n" + STYLE + "</style>\n</head>\n<body>\n" + body + "</body>\n</html>\n";
    }

    public void write(Path file) {
        try {
            Files.writeString(file, text());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
