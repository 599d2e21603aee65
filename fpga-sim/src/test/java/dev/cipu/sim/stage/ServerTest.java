package dev.cipu.sim.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.sim.event.Timeline;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServerTest {
    private final Timeline timeline = new Timeline();
    private final List<String> done = new ArrayList<>();

    private void note(long who) {
        done.add(who + "@" + timeline.now());
    }

    @Test
    void oneServerServesOneAfterTheOther() {
        Server server = new Server(timeline, "engine", 1);
        server.serve(10, this::note, 1);
        server.serve(5, this::note, 2);
        timeline.at(30, _ -> server.serve(7, this::note, 3), 0);
        timeline.runUntil(100);
        assertThat(done).containsExactly("1@10", "2@15", "3@37");
        assertThat(server.busy()).isEqualTo(22);
        assertThat(server.served()).isEqualTo(3);
    }

    @Test
    void whoIsFreeSoonestServes() {
        Server server = new Server(timeline, "cores", 2);
        server.serve(10, this::note, 1);
        server.serve(4, this::note, 2);
        server.serve(3, this::note, 3);
        server.serve(3, this::note, 4);
        timeline.runUntil(100);
        assertThat(done).containsExactly("2@4", "3@7", "1@10", "4@10");
        assertThat(server.servers()).isEqualTo(2);
    }

    @Test
    void whoPassesTakesAServerAndWakesNobody() {
        Server server = new Server(timeline, "cores", 2);
        assertThat(server.pass(5, 10)).isEqualTo(15);
        assertThat(server.pass(6, 10)).isEqualTo(16);
        assertThat(server.pass(7, 10)).isEqualTo(25);
        server.serve(8, 10, this::note, 1);
        timeline.runUntil(100);
        assertThat(done).containsExactly("1@26");
        assertThat(server.busy()).isEqualTo(40);
        assertThat(server.served()).isEqualTo(4);
    }

    @Test
    void nobodyServesNobody() {
        assertThatThrownBy(() -> new Server(timeline, "cores", 0)).hasMessageContaining("cores: 0");
    }

    @Test
    void interruptsGoTogether() {
        Moderation moderation = new Moderation(timeline, 4, 100, this::note, 0);
        timeline.at(10, _ -> moderation.completed(1), 0);
        timeline.at(20, _ -> moderation.completed(2), 0);
        timeline.at(200, _ -> moderation.completed(4), 0);
        timeline.at(210, _ -> moderation.completed(1), 0);
        timeline.at(215, _ -> moderation.completed(3), 0);
        timeline.at(250, _ -> moderation.completed(1), 0);
        timeline.runUntil(1000);
        assertThat(done).containsExactly("0@110", "0@200", "0@215", "0@350");
    }

    @Test
    void withoutPatienceThereIsOneForEach() {
        Moderation moderation = new Moderation(timeline, 4, 0, this::note, 0);
        moderation.completed(1);
        moderation.completed(1);
        assertThat(done).hasSize(2);
    }
}
