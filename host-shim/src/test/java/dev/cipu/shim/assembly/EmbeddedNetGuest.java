package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.card.EmbeddedGuest;
import dev.cipu.shim.probe.Pause;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.NetDriver;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetHeader;
import java.time.Duration;

/** A guest in this process, with one queue pair of a network device: it sends a number to somebody, and receives one. */
final class EmbeddedNetGuest implements AutoCloseable {
    private static final FeatureSet WANTED = FeatureSet.of(RingFeature.VERSION_1, RingFeature.EVENT_IDX);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int RING = 16;
    private static final int BUFFER = 2048;
    private static final int FRAME = 60;
    private static final int SOURCE = 6;
    private static final int CONTENT = 14;

    final EmbeddedGuest guest;
    final NetDriver driver;

    EmbeddedNetGuest(CardFunction function) {
        guest = new EmbeddedGuest(function, WANTED, 1 << 20);
        driver = new NetDriver(guest.start(0, RING, 0), guest.start(1, RING, 0), guest.memory(), BUFFER);
        offer();
    }

    private void offer() {
        if (driver.publishReceive()) {
            guest.kick(0);
        }
    }

    /** Sends a frame; addresses are as they lie in memory, the first byte lowest. */
    void send(long to, long from, long content) {
        while (driver.reclaim()) {
            // buffers of frames sent before
        }
        long frame = driver.frameOffset(driver.transmitSlot());
        driver.segment().set(Le.LONG_UNALIGNED, frame, to);
        driver.segment().set(Le.LONG_UNALIGNED, frame + SOURCE, from);
        driver.segment().set(Le.LONG_UNALIGNED, frame + CONTENT, content);
        assertThat(driver.send(FRAME)).isTrue();
        if (driver.publishTransmit()) {
            guest.kick(1);
        }
    }

    /** Waits for a frame, and says what is in it. */
    long receive() {
        assertThat(Pause.until(() -> driver.receive() >= 0, LIMIT))
                .as("a frame comes")
                .isTrue();
        long at = driver.receivedOffset() + NetHeader.BYTES;
        long content = driver.segment().get(Le.LONG_UNALIGNED, at + CONTENT);
        driver.recycle();
        offer();
        return content;
    }

    @Override
    public void close() {
        guest.close();
    }
}
