package dev.cipu.dataplane.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.Allocation;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.blk.BlkZone;
import dev.cipu.virtio.blk.ZoneTraits;
import dev.cipu.virtio.conformance.Conforms;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Zones through a queue, case by case; {@link ZonePropertyTest} has them all at once. */
@Timeout(60)
class ZoneQueueTest {
    private static final int ZONE = 64;
    private static final int SECTORS = 10 * ZONE;
    private static final ZoneTraits TRAITS =
            ZoneTraits.managed(ZONE).withConventional(1).withLimits(2, 3);
    private static final int[] COMMANDS = {
        BlkRequest.ZONE_APPEND,
        BlkRequest.ZONE_REPORT,
        BlkRequest.ZONE_OPEN,
        BlkRequest.ZONE_CLOSE,
        BlkRequest.ZONE_FINISH,
        BlkRequest.ZONE_RESET,
        BlkRequest.ZONE_RESET_ALL
    };

    private final MemoryStore store = new MemoryStore(SECTORS * 512L);
    private final BlkGuest guest = BlkGuest.zoned(store, TRAITS);
    private final long data = guest.buffer(64 << 10);

    private int write(long zone, int sectors) {
        return guest.run(BlkRequest.OUT, zone * ZONE, data, sectors * 512);
    }

    private int run(int type, long sector) {
        return guest.run(type, sector, data, 0);
    }

    @Test
    @Conforms("BK-037")
    void withoutTheFeatureThereAreNoZoneCommands() {
        BlkGuest plain = new BlkGuest(store);
        BlkGuest aware = BlkGuest.zoned(store, ZoneTraits.aware(ZONE));
        aware.device.negotiate(aware.device.offered().without(BlkFeature.ZONED));
        for (BlkGuest each : List.of(plain, aware)) {
            long buffer = each.buffer(4096);
            for (int type : COMMANDS) {
                assertThat(each.run(type, 0, buffer, type <= BlkRequest.ZONE_REPORT ? 512 : 0))
                        .isEqualTo(BlkRequest.UNSUPP);
            }
            assertThat(each.run(BlkRequest.OUT, 5 * ZONE + 3, buffer, 4096)).isEqualTo(BlkRequest.OK);
        }
        assertThat(plain.counters.get("unsupported")).isEqualTo(COMMANDS.length);
    }

    @Test
    @Conforms({"BK-041", "BK-046", "BK-053"})
    void limitsOfOpenAndActiveZones() {
        assertThat(run(BlkRequest.ZONE_OPEN, ZONE)).isEqualTo(BlkRequest.OK);
        assertThat(run(BlkRequest.ZONE_OPEN, 2 * ZONE)).isEqualTo(BlkRequest.OK);
        // nothing to close: both were opened on purpose
        assertThat(run(BlkRequest.ZONE_OPEN, 3 * ZONE)).isEqualTo(BlkRequest.ZONE_OPEN_RESOURCE);
        assertThat(write(3, 1)).isEqualTo(BlkRequest.ZONE_OPEN_RESOURCE);
        assertThat(guest.run(BlkRequest.ZONE_APPEND, 3 * ZONE, data, 512)).isEqualTo(BlkRequest.ZONE_OPEN_RESOURCE);
        assertThat(states()).containsExactly(0, 3, 3, 1, 1, 1, 1, 1, 1, 1);
        assertThat(write(1, 1)).isEqualTo(BlkRequest.OK);
        assertThat(run(BlkRequest.ZONE_CLOSE, ZONE)).isEqualTo(BlkRequest.OK);
        assertThat(write(3, 1)).isEqualTo(BlkRequest.OK);
        // three are active; and two open: the active ones are what is reported
        assertThat(write(4, 1)).isEqualTo(BlkRequest.ZONE_ACTIVE_RESOURCE);
        assertThat(run(BlkRequest.ZONE_OPEN, 4 * ZONE)).isEqualTo(BlkRequest.ZONE_ACTIVE_RESOURCE);
        // zone 1 is active already; zone 3, opened by a write, makes room for it
        assertThat(guest.run(BlkRequest.OUT, ZONE + 1, data, 512)).isEqualTo(BlkRequest.OK);
        assertThat(states()).containsExactly(0, 2, 3, 4, 1, 1, 1, 1, 1, 1);
    }

    private List<Integer> states() {
        long report = guest.buffer(1024);
        assertThat(guest.run(BlkRequest.ZONE_REPORT, 0, report, 1024)).isEqualTo(BlkRequest.OK);
        List<Integer> states = new ArrayList<>();
        for (int i = 0; i < SECTORS / ZONE; i++) {
            states.add((int) BlkZone.state(guest.memory, BlkZone.descriptor(guest.area.offset(report), i)));
        }
        return states;
    }

    @Test
    void aReportBeginsAndEndsWhereItIsAsked() {
        long report = guest.buffer(4096);
        long at = guest.area.offset(report);
        guest.fill(report, 4096, 7);
        // from within zone 7, room for one and a half descriptors
        assertThat(guest.run(BlkRequest.ZONE_REPORT, 7 * ZONE + 9, report, 64 + 96))
                .isEqualTo(BlkRequest.OK);
        assertThat(guest.ring.usedLength()).isEqualTo(128);
        assertThat(BlkZone.zones(guest.memory, at)).isEqualTo(1);
        assertThat(BlkZone.start(guest.memory, BlkZone.descriptor(at, 0))).isEqualTo(7 * ZONE);
        assertThat(BlkZone.type(guest.memory, BlkZone.descriptor(at, 0))).isEqualTo(BlkZone.SEQUENTIAL_REQUIRED);
        assertThat(guest.run(BlkRequest.ZONE_REPORT, SECTORS - 1, report, 4096)).isEqualTo(BlkRequest.OK);
        assertThat(BlkZone.zones(guest.memory, at)).isEqualTo(1);
        assertThat(guest.run(BlkRequest.ZONE_REPORT, 0, report, 64)).isEqualTo(BlkRequest.OK);
        assertThat(BlkZone.zones(guest.memory, at)).isZero();
        assertThat(guest.run(BlkRequest.ZONE_REPORT, 0, report, 63)).isEqualTo(BlkRequest.ZONE_INVALID_CMD);
        assertThat(guest.run(BlkRequest.ZONE_REPORT, SECTORS, report, 4096)).isEqualTo(BlkRequest.ZONE_INVALID_CMD);
        assertThat(guest.run(BlkRequest.ZONE_REPORT, -1, report, 4096)).isEqualTo(BlkRequest.ZONE_INVALID_CMD);
        assertThat(guest.counters.get("zone_reports")).isEqualTo(3);
    }

    @Test
    @Conforms({"BK-047", "BK-048", "BK-049", "BK-050"})
    void appendsSayWhereTheyWent() {
        assertThat(guest.run(BlkRequest.ZONE_APPEND, ZONE, data, 1024)).isEqualTo(BlkRequest.OK);
        assertThat(guest.driver.appendSector()).isEqualTo(ZONE);
        assertThat(guest.run(BlkRequest.ZONE_APPEND, ZONE, data, 512)).isEqualTo(BlkRequest.OK);
        assertThat(guest.driver.appendSector()).isEqualTo(ZONE + 2);
        assertThat(guest.run(BlkRequest.ZONE_APPEND, ZONE + 3, data, 512)).isEqualTo(BlkRequest.ZONE_INVALID_CMD);
        assertThat(guest.run(BlkRequest.ZONE_APPEND, ZONE, data, ZONE * 512)).isEqualTo(BlkRequest.ZONE_INVALID_CMD);
        assertThat(guest.run(BlkRequest.ZONE_APPEND, 0, data, 512)).isEqualTo(BlkRequest.ZONE_INVALID_CMD);
        assertThat(guest.run(BlkRequest.ZONE_APPEND, ZONE, data, 100)).isEqualTo(BlkRequest.ZONE_UNALIGNED_WP);
        // no room for the answer
        assertThat(guest.raw()
                        .header(BlkRequest.ZONE_APPEND, ZONE)
                        .readable(data, 512)
                        .status())
                .isEqualTo(BlkRequest.IOERR);
        assertThat(guest.counters.get("zone_appends")).isEqualTo(2);
        assertThat(guest.counters.get("write_bytes")).isEqualTo(1536);
    }

    @Test
    @Conforms({"BK-056", "BK-057"})
    void whatTheStoreHoldsBehindThePointerIsNotShown() {
        BlkGuest plain = new BlkGuest(store);
        long all = plain.buffer(SECTORS * 512);
        plain.fill(all, SECTORS * 512, 3);
        plain.run(BlkRequest.OUT, 0, all, SECTORS * 512);
        guest.fill(data, ZONE * 512, 9);
        byte[] written = guest.bytes(data, 2 * 512);
        assertThat(write(5, 2)).isEqualTo(BlkRequest.OK);
        assertThat(run(BlkRequest.ZONE_FINISH, 5 * ZONE)).isEqualTo(BlkRequest.OK);
        guest.fill(data, ZONE * 512, 88);
        assertThat(guest.run(BlkRequest.IN, 5 * ZONE, data, ZONE * 512)).isEqualTo(BlkRequest.OK);
        byte[] expected = Arrays.copyOf(written, ZONE * 512);
        assertThat(guest.bytes(data, ZONE * 512)).isEqualTo(expected);
        guest.fill(data, 512, 88);
        assertThat(guest.run(BlkRequest.IN, 6 * ZONE + 1, data, 512)).isEqualTo(BlkRequest.OK);
        assertThat(guest.bytes(data, 512)).containsOnly(0);
        assertThat(guest.ring.usedLength()).isEqualTo(513);
    }

    @Test
    @Conforms({"BK-054", "BK-055"})
    void failedZones() {
        Zones zones = new Zones(TRAITS, SECTORS, ZoneTable.NONE);
        BlkGuest other = new BlkGuest(
                new Disk(store, zones, null), BlkGuest.traits(store).withZones(TRAITS));
        long buffer = other.buffer(4096);
        other.run(BlkRequest.OUT, ZONE, buffer, 4096);
        zones.fail(1, true);
        assertThat(zones.open()).isZero();
        assertThat(other.run(BlkRequest.IN, ZONE, buffer, 4096)).isEqualTo(BlkRequest.OK);
        assertThat(other.run(BlkRequest.OUT, ZONE + 8, buffer, 4096)).isEqualTo(BlkRequest.ZONE_INVALID_CMD);
        assertThat(other.run(BlkRequest.ZONE_APPEND, ZONE, buffer, 4096)).isEqualTo(BlkRequest.ZONE_INVALID_CMD);
        zones.fail(1, false);
        for (int type : COMMANDS) {
            if (type != BlkRequest.ZONE_REPORT && type != BlkRequest.ZONE_RESET_ALL) {
                int bytes = type == BlkRequest.ZONE_APPEND ? 512 : 0;
                assertThat(other.run(type, ZONE, buffer, bytes)).isEqualTo(BlkRequest.ZONE_INVALID_CMD);
            }
        }
        assertThat(other.run(BlkRequest.IN, ZONE, buffer, 512)).isEqualTo(BlkRequest.ZONE_INVALID_CMD);
        assertThat(other.run(BlkRequest.OUT, ZONE, buffer, 512)).isEqualTo(BlkRequest.ZONE_INVALID_CMD);
        assertThat(other.run(BlkRequest.ZONE_RESET_ALL, 0, buffer, 0)).isEqualTo(BlkRequest.OK);
        zones.fail(1, true);
        assertThat(zones.state(1)).as("there is no way back").isEqualTo(BlkZone.OFFLINE);
        assertThatThrownBy(() -> zones.fail(0, true)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aResetWaitsForWritesAndWritesWaitForTheReset() {
        RecordingStore slow = new RecordingStore(SECTORS * 512L);
        BlkGuest other = BlkGuest.zoned(slow, TRAITS);
        long buffer = other.buffer(4096);
        int write = other.driver.submit(BlkRequest.OUT, ZONE, buffer, 4096);
        int reset = other.driver.submit(BlkRequest.ZONE_RESET, ZONE, buffer, 0);
        int next = other.driver.submit(BlkRequest.OUT, ZONE, buffer, 512);
        int elsewhere = other.driver.submit(BlkRequest.OUT, 2 * ZONE, buffer, 512);
        other.driver.publish();
        other.served.poll();
        other.served.poll();
        assertThat(slow.seen).containsExactly("WRITE");
        assertThat(other.served.arm()).as("what waits keeps the worker awake").isFalse();
        assertThat(other.served.drained()).isFalse();
        other.served.resume();
        slow.release(0);
        other.served.poll();
        assertThat(other.driver.poll()).isEqualTo(write);
        other.served.poll();
        other.served.poll();
        assertThat(slow.seen).containsExactly("WRITE", "WRITE_ZEROES");
        slow.release(0);
        slow.automatic = true;
        List<Integer> order = new ArrayList<>();
        while (order.size() < 3) {
            other.served.poll();
            for (int token = other.driver.poll(); token >= 0; token = other.driver.poll()) {
                assertThat(other.driver.status()).isEqualTo(BlkRequest.OK);
                order.add(token);
            }
        }
        assertThat(order).startsWith(reset).containsExactlyInAnyOrder(reset, next, elsewhere);
        assertThat(slow.seen).containsExactly("WRITE", "WRITE_ZEROES", "WRITE", "WRITE");
    }

    @Test
    void twoQueuesOfOneDiskShareItsZones() {
        RecordingStore slow = new RecordingStore(SECTORS * 512L);
        Zones zones = new Zones(TRAITS, SECTORS, ZoneTable.NONE);
        Disk disk = new Disk(slow, zones, null);
        BlkTraits traits = BlkGuest.traits(slow).withZones(TRAITS);
        BlkGuest one = new BlkGuest(disk, traits);
        BlkGuest two = new BlkGuest(disk, traits);
        long buffer = one.buffer(4096);
        one.driver.submit(BlkRequest.OUT, ZONE, buffer, 4096);
        one.driver.publish();
        one.served.poll();
        two.driver.submit(BlkRequest.ZONE_RESET, ZONE, 0, 0);
        two.driver.publish();
        two.served.poll();
        two.served.poll();
        assertThat(slow.seen).containsExactly("WRITE");
        slow.automatic = true;
        one.served.poll();
        two.served.poll();
        two.served.poll();
        two.served.poll();
        assertThat(two.driver.poll()).isNotNegative();
        assertThat(two.driver.status()).isEqualTo(BlkRequest.OK);
        assertThat(zones.state(1)).isEqualTo(BlkZone.EMPTY);
    }

    @Test
    void manyWorkersOnOneDiskNeverLoseASector() throws InterruptedException {
        MemoryStore big = new MemoryStore(64L << 20);
        ZoneTraits traits = ZoneTraits.managed(4096).withLimits(3, 0);
        Zones zones = new Zones(traits, big.sectors(), ZoneTable.NONE);
        Disk disk = new Disk(big, zones, null);
        List<Thread> workers = new ArrayList<>();
        Map<Long, Long> seen = new HashMap<>();
        List<Throwable> failures = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            workers.add(new Thread(() -> {
                BlkGuest each = new BlkGuest(disk, BlkGuest.traits(big).withZones(traits));
                long buffer = each.buffer(4096);
                for (int n = 0; n < 5_000; n++) {
                    int status = each.run(BlkRequest.ZONE_APPEND, n / 1000 * 4096L, buffer, 512);
                    synchronized (seen) {
                        if (status == BlkRequest.OK) {
                            seen.merge(each.driver.appendSector(), 1L, Long::sum);
                        } else if (status != BlkRequest.ZONE_INVALID_CMD) {
                            failures.add(new AssertionError("status " + status));
                        }
                    }
                }
            }));
        }
        for (Thread worker : workers) {
            worker.setUncaughtExceptionHandler((_, cause) -> failures.add(cause));
            worker.start();
        }
        for (Thread worker : workers) {
            worker.join();
        }
        assertThat(failures).isEmpty();
        assertThat(seen.values()).containsOnly(1L);
        assertThat(seen).hasSize(15_000);
        assertThat(zones.written(0)).isEqualTo(3000);
    }

    @Test
    void aWriteThatFailsGivesItsSectorsBack() {
        MemoryStore none = new MemoryStore(
                SECTORS * 512L,
                () -> {
                    throw new OutOfMemoryError("none left");
                },
                () -> 0);
        Zones zones = new Zones(TRAITS, SECTORS, ZoneTable.NONE);
        BlkGuest other =
                new BlkGuest(new Disk(none, zones, null), BlkGuest.traits(none).withZones(TRAITS));
        long buffer = other.buffer(4096);
        assertThat(other.run(BlkRequest.OUT, ZONE, buffer, 4096)).isEqualTo(BlkRequest.IOERR);
        assertThat(zones.written(1)).isZero();
        assertThat(other.run(BlkRequest.ZONE_APPEND, ZONE, buffer, 4096)).isEqualTo(BlkRequest.IOERR);
        assertThat(other.run(BlkRequest.ZONE_RESET, ZONE, buffer, 0)).isEqualTo(BlkRequest.OK);
        assertThat(zones.state(1)).isEqualTo(BlkZone.EMPTY);
        assertThat(zones.active()).isZero();
    }

    @Test
    void aQueueThatEndsInTheMiddleLetsGoOfItsZones() {
        RecordingStore slow = new RecordingStore(SECTORS * 512L);
        Zones zones = new Zones(TRAITS, SECTORS, ZoneTable.NONE);
        BlkGuest other =
                new BlkGuest(new Disk(slow, zones, null), BlkGuest.traits(slow).withZones(TRAITS));
        long buffer = other.buffer(4096);
        other.driver.submit(BlkRequest.OUT, ZONE, buffer, 4096);
        other.driver.publish();
        other.served.poll();
        assertThat(other.served.failed(new InternalError("a fault"))).isTrue();
        // as when the store never saw the task
        slow.held.clear();
        other.served.close();
        assertThat(zones.beginReset(1, true)).isEqualTo(Zones.ERASE);
    }

    /** A table that remembers, and counts what it is asked for. */
    private static final class Table implements ZoneTable {
        final Map<Integer, Long> words = new HashMap<>();
        int syncs;

        @Override
        public long load(int zone) {
            return Objects.requireNonNullElse(words.get(zone), 0L);
        }

        @Override
        public void save(int zone, long word) {
            words.put(zone, word);
        }

        @Override
        public boolean sync() {
            syncs++;
            return true;
        }
    }

    @Test
    @Conforms({"BK-031", "BK-032"})
    void statesSurviveAndAreAsDurableAsTheData() {
        Table table = new Table();
        Zones zones = new Zones(TRAITS, SECTORS, table);
        BlkGuest other = new BlkGuest(
                new Disk(store, zones, null), BlkGuest.traits(store).withZones(TRAITS));
        long buffer = other.buffer(4096);
        other.run(BlkRequest.OUT, ZONE, buffer, 4096);
        assertThat(table.syncs).isZero();
        other.run(BlkRequest.FLUSH, 0, 0, 0);
        assertThat(table.syncs).isEqualTo(1);
        other.run(BlkRequest.FLUSH, 0, 0, 0);
        assertThat(table.syncs).as("nothing new").isEqualTo(1);
        other.device.writeConfig(BlkConfig.WRITEBACK, new byte[] {0});
        other.run(BlkRequest.OUT, ZONE + 8, buffer, 4096);
        assertThat(table.syncs).isEqualTo(2);
        other.run(BlkRequest.ZONE_OPEN, 2 * ZONE, 0, 0);
        other.run(BlkRequest.ZONE_FINISH, 3 * ZONE, 0, 0);
        Zones later = new Zones(TRAITS, SECTORS, table);
        assertThat(later.state(1)).isEqualTo(BlkZone.CLOSED);
        assertThat(later.written(1)).isEqualTo(16);
        assertThat(later.state(2)).as("open and not written").isEqualTo(BlkZone.EMPTY);
        assertThat(later.state(3)).isEqualTo(BlkZone.FULL);
        assertThat(later.active()).isEqualTo(1);
        for (long word : new long[] {77, (ZONE + 1L) << 8 | BlkZone.CLOSED, -1}) {
            table.words.put(4, word);
            assertThatThrownBy(() -> new Zones(TRAITS, SECTORS, table)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void zonesThatCannotBe() {
        assertThatThrownBy(() -> new Zones(ZoneTraits.managed(1), 1L << 40, ZoneTable.NONE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Zones(TRAITS.withConventional(11), SECTORS, ZoneTable.NONE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TRAITS.withLimits(4, 3)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ZoneTraits.aware(8).withLimits(1, 0)).isInstanceOf(IllegalArgumentException.class);
        // conventional ones alone are a disk like any other
        BlkGuest other = BlkGuest.zoned(store, TRAITS.withConventional(10));
        long buffer = other.buffer(4096);
        assertThat(other.run(BlkRequest.OUT, SECTORS - 8, buffer, 4096)).isEqualTo(BlkRequest.OK);
        assertThat(other.run(BlkRequest.ZONE_RESET_ALL, 0, buffer, 0)).isEqualTo(BlkRequest.OK);
    }

    @Test
    void nothingIsAllocatedPerZonedRequest() {
        Zones zones = new Zones(TRAITS, SECTORS, ZoneTable.NONE);
        BlkGuest other = new BlkGuest(
                new Disk(store, zones, null),
                BlkGuest.traits(store).withZones(TRAITS),
                FeatureSet.of(RingFeature.EVENT_IDX),
                Arena.ofAuto().allocate(4 << 20, 4096));
        long buffer = other.buffer(4096);
        long report = other.buffer(4096);
        assertThat(Allocation.inSteadyState(() -> {
                    for (int i = 0; i < 20_000; i++) {
                        int zone = 1 + i % 8;
                        other.driver.submit(BlkRequest.ZONE_APPEND, (long) zone * ZONE, buffer, 4096);
                        other.driver.submit(BlkRequest.IN, (long) zone * ZONE, buffer, 4096);
                        other.driver.submit(BlkRequest.ZONE_REPORT, 0, report, 4096);
                        other.driver.submit(BlkRequest.ZONE_FINISH, (long) zone * ZONE, 0, 0);
                        other.driver.submit(BlkRequest.FLUSH, 0, 0, 0);
                        other.driver.submit(
                                i % 64 == 0 ? BlkRequest.ZONE_RESET_ALL : BlkRequest.ZONE_RESET,
                                (long) zone * ZONE,
                                0,
                                0);
                        other.driver.publish();
                        while (other.driver.inFlight() > 0) {
                            other.served.poll();
                            other.driver.poll();
                        }
                    }
                }))
                .isZero();
    }
}
