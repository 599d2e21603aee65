package dev.cipu.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.conformance.Conforms;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A function-level reset, and a reset of the bus: as after power-on. */
class ResetTest {
    private final TestHost host = TestHost.sample();

    private void reset(boolean byRegister) {
        if (byRegister) {
            host.functionReset();
        } else {
            host.function.reset();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Conforms({"PC-001", "PC-020", "PC-062"})
    void everythingIsAsAfterPowerOn(boolean byRegister) {
        String fresh = host.function.dump("00:00.0");
        host.up().messages();
        host.config(0x10, 4, 0xfe00_0000L);
        host.config(0x18, 8, 0x12_0000_0000L);
        host.config(0x3c, 1, 11);
        host.common(CommonLayout.CONFIG_VECTOR, 2, 0);
        host.select(0);
        host.common(CommonLayout.QUEUE_VECTOR, 2, 1);
        host.vectorMask(1, true);
        host.queues.used(0);
        host.queues.take();
        reset(byRegister);
        assertThat(host.function.dump("00:00.0")).isEqualTo(fresh);
        assertThat(host.queues.take()).containsExactly("stop 0", "stop 1", "stop 2");
        assertThat(host.queues.served).isFalse();
        assertThat(host.pending(1)).isZero();
        assertThat(host.status()).isZero();
        assertThat(host.device.negotiated()).isEqualTo(FeatureSet.NONE);
        for (int i = 0; i < 4; i++) {
            assertThat(TestHost.read(host.function, host.tableBar(), i * 16L + 12, 4))
                    .as("vector %d is masked", i)
                    .isEqualTo(1);
        }
        host.function.configChanged();
        host.queues.used(0);
        assertThat(host.bus.take()).as("no message any more").doesNotContain("MSIX 1", "MSIX 0");
        host.up().messages();
        assertThat(host.queues.running).hasSize(3);
        assertThat(host.queues.served).isTrue();
    }

    @Test
    void queuesStopBeforeARegisterChanges() {
        host.up();
        long[] then = new long[2];
        host.queues.whileStopping = () -> {
            then[0] = host.config(TestHost.COMMAND, 2);
            then[1] = host.status();
        };
        host.functionReset();
        assertThat(then[0]).isEqualTo(TestHost.COMMAND_RUN);
        assertThat(then[1]).isEqualTo(15);
    }

    @Test
    void theBitThatResetsReadsAsZero() {
        int control = host.capability(TestHost.EXPRESS) + 8;
        long before = host.config(control, 2);
        host.config(control + 1, 1, 0x80 | before >> 8);
        assertThat(host.config(control, 2)).isEqualTo(before);
        assertThat(host.config(control - 4, 4) >> 28 & 1)
                .as("and the function says that it has it")
                .isEqualTo(1);
    }

    @Test
    void onlyAResetOfTheFunctionAloneKeepsTheSizeOfPayloads() {
        int control = host.capability(TestHost.EXPRESS) + 8;
        host.config(control, 2, 0x2830);
        host.functionReset();
        assertThat(host.config(control, 2)).isEqualTo(0x2830);
        host.function.reset();
        assertThat(host.config(control, 2)).isEqualTo(0x2810);
    }

    @Test
    void aPinThatIsAssertedIsReleased() {
        host.up();
        host.queues.used(0);
        host.functionReset();
        assertThat(host.config(TestHost.STATUS, 2) & 8).isZero();
        assertThat(host.isr()).isZero();
    }

    @Test
    void aFunctionThatIsOffIsOnAfterwards() {
        int power = host.capability(TestHost.POWER) + 4;
        host.config(power, 2, 3);
        host.function.reset();
        assertThat(host.config(power, 2)).isEqualTo(8);
        host.config(power, 2, 1);
        assertThat(host.config(power, 2)).isEqualTo(8);
    }
}
