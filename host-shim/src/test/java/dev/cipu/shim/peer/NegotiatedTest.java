package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NegotiatedTest {
    @Test
    void theEndOfASessionTellsWhatTheDriverAccepted() {
        assertThat(Negotiated.lines(
                        "someone",
                        List.of(
                                "ready net net0 /tmp/x",
                                "INFO net0: session ended: the front-end left; features {0,5,32}",
                                "INFO net0: session ended: the front-end left; features {0,5,32}",
                                "blk12: session failed: bad size; features {29}",
                                "blk1: session ended: stopped; features {}")))
                .containsExactly("someone\tnet\t0,5,32", "someone\tblk\t29");
    }
}
