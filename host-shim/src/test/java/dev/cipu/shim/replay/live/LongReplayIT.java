package dev.cipu.shim.replay.live;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cipu.dataplane.journal.Capture;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpecBuilder;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.KeyValues;
import dev.cipu.shim.load.Target;
import dev.cipu.shim.replay.Pace;
import dev.cipu.shim.replay.Selection;
import dev.cipu.shim.trace.MadeTrace;
import dev.cipu.virtio.blk.BlkRequest;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** A live replay makes nothing for each transaction, however long the trace. */
@Timeout(120)
@ParameterizedClass(name = "over vfio-user: {0}")
@ValueSource(booleans = {false, true})
class LongReplayIT {
    private static final byte[] NOTHING = {};
    private static final int FEW = 50_000;
    private static final int MANY = 250_000;

    /** An object for each would be 16 at least. A message for a doorbell costs more, but a card that spins asks for few. */
    private static final double MOST_BYTES_EACH = 8;

    private final boolean function;
    private final CardSpecBuilder spec = new CardSpecBuilder();
    private CardAssembly card;

    @TempDir
    private Path folder;

    @SuppressWarnings("NullAway.Init")
    LongReplayIT(boolean function) {
        this.function = function;
    }

    @BeforeEach
    void start() {
        String over = function ? ",transport=vfio-user" : "";
        spec.idle("test", "spin")
                .stats(folder.resolve("counters"))
                .uplink("test", "loopback:")
                .net(KeyValues.parse("net", "socket=" + folder.resolve("net") + over))
                .blk(KeyValues.parse("blk", "socket=" + folder.resolve("blk") + ",store=mem:8M" + over));
        card = CardAssembly.start(spec.build());
        card.spec().devices().forEach((DeviceSpec each) -> card.serve(each));
    }

    @AfterEach
    void stop() {
        card.close();
    }

    private double bytesEach(String device, String socket) {
        for (int count : new int[] {FEW, MANY}) {
            try (MadeTrace made =
                    new MadeTrace(folder.resolve("trace" + count), new Capture(Capture.Payload.NONE, 64))) {
                for (int i = 0; i < count; i++) {
                    if (device.equals("net0")) {
                        made.frame(1, i, 60, NOTHING);
                    } else {
                        made.request(0, i, 10, i % 4 == 0 ? BlkRequest.OUT : BlkRequest.IN, i % 8192, 4096, NOTHING);
                    }
                }
            }
        }
        long few = allocated(FEW, device, socket);
        long many = allocated(MANY, device, socket);
        return (many - few) / (double) (MANY - FEW);
    }

    private long allocated(int count, String device, String socket) {
        LiveSpec live = new LiveSpec(
                folder.resolve("trace" + count),
                new Selection(List.of(device), List.of()),
                Pace.UNPACED,
                Target.of(folder.resolve(socket)).withQueueSize(256),
                function,
                Writes.SEND);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        try (LiveReplay replay = LiveReplay.connect(live)) {
            LiveResult result = replay.run();
            assertThat(result.passed()).as(result.firstProblem()).isTrue();
            assertThat(result.sent().stream().mapToLong(LiveResult.Sent::count).sum())
                    .isEqualTo(count);
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    @Test
    void requests() {
        assertThat(bytesEach("blk0", "blk")).isLessThan(MOST_BYTES_EACH);
    }

    @Test
    void frames() {
        assertThat(bytesEach("net0", "net")).isLessThan(MOST_BYTES_EACH);
    }
}
