package dev.cipu.shim.card;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.assembly.BlkSpec;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.StoreSpec;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.NotificationData;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.driver.DriverQueue;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest in this process uses what only some transports carry, on a real disk of the card. */
@Timeout(60)
class EmbeddedGuestTest {
    private static final int RUNNING =
            DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK;

    private final CardAssembly card = CardAssembly.start(new CardSpec(
            List.of(),
            IdlePolicy.SLEEP,
            null,
            Map.of("disk", new StoreSpec.Memory(1 << 20)),
            List.of(),
            List.of(new BlkSpec("blk0", EndpointSpec.EMBEDDED, "disk", false, 2, "serial", 512))));

    private EmbeddedGuest guest;
    private DriverQueue ring;
    private BlkDriver driver;
    private long data;

    @BeforeEach
    void plug() {
        plug(RingFeature.RING_PACKED);
    }

    private void plug(int... features) {
        if (guest != null) {
            guest.close();
        }
        FeatureSet wanted = FeatureSet.of(features).with(RingFeature.VERSION_1).with(BlkFeature.FLUSH);
        guest = new EmbeddedGuest(card.function("blk0"), wanted, 1 << 20);
        ring = guest.start(0, 16, 4);
        driver = new BlkDriver(ring, guest.memory());
        data = guest.memory().allocate(4096, 4096);
    }

    @AfterEach
    void unplug() {
        guest.close();
        card.close();
    }

    private void submit(int type) {
        assertThat(driver.submit(type, 0, data, 512)).isNotNegative();
        if (driver.publish()) {
            guest.kick(0);
        }
    }

    private void request() {
        submit(BlkRequest.IN);
        await(() -> driver.poll() >= 0, "an answer");
        assertThat(driver.status()).isEqualTo(BlkRequest.OK);
    }

    private static void await(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {RingFeature.RING_PACKED, RingFeature.RING_RESET})
    void aThousandRequestsInEitherFormat(int format) {
        plug(format, RingFeature.EVENT_IDX, RingFeature.INDIRECT_DESC);
        assertThat(guest.negotiated().has(format)).isTrue();
        for (int i = 0; i < 1000; i++) {
            request();
        }
    }

    @Test
    @Conforms({"BF-012", "BF-013", "BF-014"})
    void aQueueIsResetUnderItsNeighbour() {
        plug(RingFeature.RING_RESET, RingFeature.RING_PACKED);
        for (int size : new int[] {5, 64, 16}) {
            for (int i = 0; i < 40; i++) {
                request();
            }
            submit(BlkRequest.IN);
            ring = guest.restart(0, size, 0);
            assertThat(ring.poll()).as("used by a queue that was reset").isNegative();
            driver = new BlkDriver(ring, guest.memory());
        }
        request();
        assertThat(guest.brokenQueues()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {RingFeature.RING_PACKED, RingFeature.RING_RESET})
    @Conforms({"BF-018", "BF-019", "BF-022", "BF-023", "BF-024"})
    void aSuspendedDeviceAnswersWhatItHasTakenAndThenNothing(int format) throws InterruptedException {
        plug(format, RingFeature.SUSPEND);
        for (int i = 0; i < 50; i++) {
            submit(BlkRequest.OUT);
            int submitted = driver.inFlight();
            guest.writeStatus(RUNNING | DeviceStatus.SUSPEND);
            assertThat(guest.status() & (DeviceStatus.SUSPEND | DeviceStatus.DRIVER_OK))
                    .isEqualTo(DeviceStatus.SUSPEND);
            int answered = 0;
            while (driver.poll() >= 0) {
                answered++;
            }
            long calls = guest.calls();
            int changes = guest.configChanges();
            card.function("blk0").listener().configChanged();
            guest.kick(0);
            Thread.sleep(1);
            assertThat(driver.poll()).as("answered while suspended").isNegative();
            assertThat(guest.calls()).isEqualTo(calls);
            assertThat(guest.configChanges()).isEqualTo(changes);
            guest.writeStatus(guest.status() | DeviceStatus.DRIVER_OK);
            assertThat(guest.status()).isEqualTo(RUNNING);
            assertThat(guest.configChanges()).as("told when it goes on").isEqualTo(changes + 1);
            guest.kick(0);
            if (answered < submitted) {
                await(() -> driver.poll() >= 0, "what was left");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {RingFeature.NOTIFICATION_DATA, RingFeature.NOTIF_CONFIG_DATA})
    void notificationsCarryWhatWasNegotiatedAndNothingTheySayIsTrusted(int feature) {
        plug(feature, RingFeature.RING_PACKED);
        for (int i = 0; i < 100; i++) {
            // none of these names a queue that runs, or tells the truth about one that does
            guest.notifyDevice(0xffff_ffff);
            guest.notifyDevice(NotificationData.of(0x7000, i));
            guest.notifyDevice(
                    NotificationData.of(card.function("blk0").device().notifyValue(0), 0xbeef));
            guest.notifyDevice(
                    NotificationData.of(card.function("blk0").device().notifyValue(1), 0));
            request();
        }
        assertThat(guest.brokenQueues()).isZero();
    }
}
