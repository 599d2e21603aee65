package dev.cipu.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Configuration space as text. */
class ConfigDumpTest {
    private final TestHost host = FullFunction.host();

    @Test
    void everyByteIsThere() throws IOException {
        host.config(TestHost.COMMAND, 2, TestHost.COMMAND_RUN);
        host.config(0x10, 4, 0xfebd_4000L);
        try (var expected = ConfigDumpTest.class.getResourceAsStream("function.txt")) {
            assertThat(expected).isNotNull();
            assertThat(host.function.dump("00:04.0"))
                    .isEqualTo(new String(expected.readAllBytes(), StandardCharsets.US_ASCII));
        }
    }

    @Test
    void aDumpHasNoEffect() {
        host.up();
        host.queues.used(0);
        TestHost.Structure window = host.structure(5);
        host.config(window.at() + 8, 4, host.structure(3).offset());
        host.config(window.at() + 12, 4, 1);
        host.function.dump("00:04.0");
        assertThat(host.isr()).isEqualTo(1);
    }
}
