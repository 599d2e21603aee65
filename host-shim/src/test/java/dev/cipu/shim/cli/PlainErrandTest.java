package dev.cipu.shim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpecBuilder;
import dev.cipu.shim.control.ControlServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The short way of a request and that through the parser are one to the user, at a card that runs. */
@Timeout(60)
class PlainErrandTest {
    @TempDir
    private Path directory;

    private CardAssembly card;
    private Thread thread;
    private volatile boolean ending;

    @BeforeEach
    void start() {
        card = CardAssembly.start(new CardSpecBuilder()
                .idle("test", "sleep")
                .stats(directory.resolve("counters"))
                .control("test", control())
                .build());
        ControlServer server = ControlServer.listen(directory.resolve("c"), card);
        thread = Thread.ofPlatform().start(() -> {
            while (!ending) {
                server.turn(TimeUnit.MILLISECONDS.toNanos(20));
            }
            server.close();
        });
    }

    @AfterEach
    void end() throws InterruptedException {
        ending = true;
        thread.join();
        card.close();
    }

    private String control() {
        return directory + "/c";
    }

    private String[] words(String line) {
        return Arrays.stream(line.split(" "))
                .map(word -> word.replace("DIR", directory.toString()))
                .toArray(String[]::new);
    }

    private record Said(int exitCode, String out, String err) {}

    private interface Way {
        int run(PrintWriter out, PrintWriter err);
    }

    private static Said said(Way way) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        return new Said(way.run(new PrintWriter(out), new PrintWriter(err)), out.toString(), err.toString());
    }

    private Said shortWay(String line) {
        PlainErrand errand = PlainErrand.of(words(line));
        assertThat(errand).as(line).isNotNull();
        return said(errand::run);
    }

    private Said longWay(String line) {
        return said((out, err) -> RootCommand.run(out, err, words(line)));
    }

    @Test
    void whatIsDoneIsSaidAlike() throws Exception {
        for (String line : List.of(
                "attach net socket=DIR/n,mac=02:00:00:00:00:07 queues=2 --control DIR/c",
                "attach --control=DIR/c blk socket=DIR/b,store=null:1G",
                "devices --control DIR/c",
                "link net0 down --control DIR/c",
                "link --control DIR/c net0 up",
                "announce net0 --control DIR/c",
                "devices --json - --control DIR/c",
                "devices --json=DIR/answer.json --control DIR/c")) {
            boolean attaches = line.startsWith("attach");
            Said first = shortWay(line);
            if (attaches) {
                card.detach(line.contains("blk") ? "blk0" : "net0");
            }
            assertThat(longWay(line)).as(line).isEqualTo(first);
            assertThat(first.exitCode()).as(first.err()).isZero();
            assertThat(first.out()).as(line).isNotEmpty();
        }
        assertThat(shortWay("devices --control DIR/c").out())
                .isEqualTo("net net0 " + directory + "/n\nblk blk0 " + directory + "/b\n");
        assertThat(Files.readString(directory.resolve("answer.json"))).contains("\"queues\" : 2");
        assertThat(card.spec().devices()).hasSize(2);
        assertThat(shortWay("detach net0 --control DIR/c")).isEqualTo(new Said(0, "detached net0\n", ""));
        assertThat(card.spec().devices()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "attach net --control DIR/c",
                "attach net socket --control DIR/c",
                "attach net socket=a,socket=b --control DIR/c",
                "attach net socket=DIR/x/y/n --control DIR/c",
                "attach gpu socket=DIR/n --control DIR/c",
                "attach net colour=red,socket=DIR/n --control DIR/c",
                "detach net7 --control DIR/c",
                "link net7 up --control DIR/c",
                "announce net7 --control DIR/c",
                "devices --control DIR/none",
                "devices --json DIR/x/y --control DIR/c"
            })
    void whatFailsFailsAlike(String line) {
        Said first = shortWay(line);
        assertThat(longWay(line)).isEqualTo(first);
        assertThat(first.exitCode()).isNotZero();
        assertThat(first.err()).startsWith("cipu: ").hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve --control DIR/c",
                "attach --control DIR/c",
                "attach net",
                "attach net socket=n --control",
                "attach net socket=n --control DIR/c --control DIR/c",
                "attach net socket=n --control --json",
                "attach net socket=n --control=",
                "attach net socket=n --control DIR/c --qmp q",
                "attach net socket=n --qmp=q --control DIR/c",
                "attach net socket=n --control DIR/c --debug",
                "attach net socket=n --control DIR/c --help",
                "attach net socket=n --control DIR/c -h",
                "attach net socket=n --control DIR/c --",
                "attach net @words --control DIR/c",
                "attach net  --control DIR/c",
                "devices net0 --control DIR/c",
                "devices --wings --control DIR/c",
                "devices --json --control DIR/c",
                "detach --control DIR/c",
                "detach a b --control DIR/c",
                "link net0 --control DIR/c",
                "link net0 sideways --control DIR/c",
                "announce --control DIR/c",
                "help attach",
                ""
            })
    void whatIsNotPlainIsForTheParser(String line) {
        assertThat(PlainErrand.of(words(line))).isNull();
    }
}
