package dev.cipu.bench.overhead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cipu.shim.load.GuestLoadResult;
import dev.cipu.shim.posix.CpuUsage;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VmmAnswerTest {
    private static final String BOTH = "DONE seconds=0.500000 packets=1000 packets_p50=2000 packets_p99=9000"
            + " packets_p999=20000 packets_curve=1000@0.1,2000@0.5,20000@1 requests=50 requests_p50=80000"
            + " requests_p99=90000 requests_p999=99000 requests_curve=80000@0.5,99000@1";

    @Test
    void bothKindsOfOperationAreRead() throws IOException {
        VmmAnswer answer = VmmAnswer.parse(BOTH);
        GuestLoadResult.Flow packets = Objects.requireNonNull(answer.packets());
        assertThat(packets.ops()).isEqualTo(1000);
        assertThat(packets.perSecond()).isEqualTo(2000, within(1e-9));
        assertThat(packets.latencyNs().p99()).isEqualTo(9000);
        assertThat(packets.curve())
                .containsExactly(
                        new GuestLoadResult.Point(1000, 0.1),
                        new GuestLoadResult.Point(2000, 0.5),
                        new GuestLoadResult.Point(20000, 1));
        assertThat(Objects.requireNonNull(answer.requests()).ops()).isEqualTo(50);
    }

    @Test
    void theProcessorsThreadIsTheDriverAndAllOthersTheDevice() throws IOException {
        Measured measured = VmmStand.measured(
                VmmAnswer.parse(BOTH),
                Map.of("CPU 0/TCG", new CpuUsage(1_000, 1), "vmm", new CpuUsage(500, 2)),
                Map.of(
                        "CPU 0/TCG", new CpuUsage(106_000, 3),
                        "vmm", new CpuUsage(21_500, 4),
                        "worker", new CpuUsage(1_050, 1)));
        assertThat(measured.figures())
                .containsEntry(Measured.DRIVER_CPU, 105_000 / 1_050.0)
                .containsEntry(Measured.DRIVER_WORK, 105_000 / 1_050.0)
                .containsEntry(Measured.DEVICE_CPU, 22_050 / 1_050.0)
                .doesNotContainKeys(Measured.KICKS, Measured.CALLS, Measured.DRIVER_BYTES, Measured.DEVICE_BYTES);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FAILED a request: Input/output error",
                "DONE packets=1",
                "DONE seconds=0",
                "DONE seconds=soon",
                "DONE seconds=1 packets=1",
                "DONE seconds=1 packets=x packets_p50=1 packets_p99=1 packets_p999=1 packets_curve=1@1",
                "DONE seconds=1 packets=1 packets_p50=1 packets_p99=1 packets_p999=1 packets_curve=",
                ""
            })
    void anythingElseIsAnError(String line) {
        assertThatThrownBy(() -> VmmAnswer.parse(line)).isInstanceOf(IOException.class);
    }
}
