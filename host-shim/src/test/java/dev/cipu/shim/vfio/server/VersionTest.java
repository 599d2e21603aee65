package dev.cipu.shim.vfio.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.ErrorNumber;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class VersionTest {
    private static RawClient.Reply ask(ServerUnderTest server, int major, int minor, String json) {
        return server.client.ask(Command.VERSION, RawClient.version(major, minor, json));
    }

    private static JsonNode capabilities(RawClient.Reply reply) {
        byte[] text = new byte[reply.payload().limit() - 5];
        reply.payload().get(4, text);
        assertThat(reply.payload().get(reply.payload().limit() - 1))
                .as("the NUL")
                .isZero();
        return JsonMapper.builder()
                .build()
                .readTree(new String(text, StandardCharsets.UTF_8))
                .get("capabilities");
    }

    @Test
    void theAnswerNamesWhatTheClientNamedAndWeHave() {
        try (ServerUnderTest server = new ServerUnderTest(false)) {
            RawClient.Reply reply = ask(server, 0, 1, RawClient.CAPABILITIES);
            assertThat(reply.payload().getShort(0)).isZero();
            assertThat(reply.payload().getShort(2)).isEqualTo((short) 1);
            JsonNode ours = capabilities(reply);
            assertThat(ours.propertyNames())
                    .containsExactlyInAnyOrder(
                            "max_msg_fds", "max_data_xfer_size", "max_dma_maps", "pgsizes", "write_multiple");
            assertThat(ours.get("max_msg_fds").intValue()).isEqualTo(16);
            assertThat(ours.get("max_data_xfer_size").intValue()).isEqualTo(1 << 20);
            assertThat(ours.get("max_dma_maps").intValue()).isEqualTo(256);
            assertThat(ours.get("pgsizes").intValue()).isEqualTo(4096);
            assertThat(ours.get("write_multiple").booleanValue()).isTrue();
        }
    }

    @Test
    void aClientThatNamesNothingHearsOfNothing() {
        for (String json : new String[] {"{}", "{\"capabilities\":{}}", "{\"other\":[1]}"}) {
            try (ServerUnderTest server = new ServerUnderTest(false)) {
                assertThat(capabilities(ask(server, 0, 0, json)).size()).isZero();
            }
        }
        try (ServerUnderTest server = new ServerUnderTest(false)) {
            assertThat(server.client.error(Command.VERSION, new byte[4])).isZero();
        }
    }

    @Test
    void theMinorVersionIsTheLowerOfBoth() {
        for (int minor : new int[] {0, 1, 7}) {
            try (ServerUnderTest server = new ServerUnderTest(false)) {
                assertThat(ask(server, 0, minor, "{}").payload().getShort(2)).isEqualTo((short) Math.min(minor, 1));
            }
        }
    }

    @Test
    void anotherMajorVersionIsRefusedAndThenTheSessionEnds() {
        try (ServerUnderTest server = new ServerUnderTest(false)) {
            assertThat(ask(server, 1, 0, "{}").error()).isEqualTo(ErrorNumber.INVALID);
            assertThat(server.end().failed()).isTrue();
        }
    }

    @Test
    void aSecondVersionIsRefusedAndTheSessionGoesOn() {
        try (ServerUnderTest server = ServerUnderTest.negotiated()) {
            assertThat(ask(server, 0, 1, "{}").error()).isEqualTo(ErrorNumber.INVALID);
            server.client.sync();
            assertThat(server.counters.refusals()).isEqualTo(1);
        }
    }

    @Test
    void manyWritesAreRefusedUnlessAgreedOn() {
        try (ServerUnderTest server = new ServerUnderTest(false)) {
            assertThat(ask(server, 0, 1, "{\"capabilities\":{\"write_multiple\":false}}")
                            .error())
                    .isZero();
            assertThat(server.client.error(Command.REGION_WRITE_MULTI, new byte[8]))
                    .isEqualTo(ErrorNumber.NOT_SUPPORTED);
        }
    }
}
