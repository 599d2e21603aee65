package dev.cipu.dataplane.blk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.dataplane.Seed;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkZone;
import dev.cipu.virtio.blk.ZoneTraits;
import dev.cipu.virtio.conformance.Conforms;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random requests through a queue: statuses, data, states and pointers are those of {@link ZoneOracle}, step by step. */
@Timeout(120)
class ZonePropertyTest {
    private static final int ZONE = 32;
    private static final int STEPS = 15_000;
    private static final int[] MANAGEMENT = {
        BlkRequest.ZONE_OPEN, BlkRequest.ZONE_CLOSE, BlkRequest.ZONE_FINISH, BlkRequest.ZONE_RESET
    };

    static List<ZoneTraits> disks() {
        ZoneTraits managed = ZoneTraits.managed(ZONE);
        return List.of(
                managed.withConventional(2).withLimits(3, 5),
                managed.withLimits(2, 2).withWriteGranularity(1024),
                managed.withLimits(0, 4).withMaxAppend(8),
                managed.withLimits(3, 0).withMaxAppend(0),
                managed,
                ZoneTraits.aware(ZONE).withConventional(1));
    }

    @ParameterizedTest
    @MethodSource("disks")
    @Conforms({
        "BK-038", "BK-039", "BK-040", "BK-041", "BK-042", "BK-043", "BK-044", "BK-045", "BK-046", "BK-047", "BK-048",
        "BK-049", "BK-050", "BK-051", "BK-052", "BK-053", "BK-054", "BK-055", "BK-056", "BK-057", "BK-059", "BK-060"
    })
    void everyRequestDoesWhatThePlainModelDoes(ZoneTraits traits) {
        long seed = Seed.get();
        Random random = new Random(seed);
        // the last zone is smaller
        int sectors = 11 * ZONE + 8;
        Run run = new Run(traits, sectors, random);
        for (int step = 0; step < STEPS; step++) {
            try {
                run.step();
                if (step % 16 == 0) {
                    run.compareReport();
                }
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("step " + step + " of " + Seed.text(seed) + ": " + run.did, e);
            }
        }
        assertThat(run.good).as("requests that succeeded").isGreaterThan(STEPS / 4);
        assertThat(run.guest.violations).isEmpty();
    }

    private static final class Run {
        final ZoneTraits traits;
        final int sectors;
        final Random random;
        final ZoneOracle oracle;
        final Zones zones;
        final BlkGuest guest;
        final long data;
        final long report;
        String did = "";
        int good;

        Run(ZoneTraits traits, int sectors, Random random) {
            this.traits = traits;
            this.sectors = sectors;
            this.random = random;
            oracle = new ZoneOracle(traits, sectors);
            MemoryStore store = new MemoryStore(sectors * 512L);
            zones = new Zones(traits, sectors, ZoneTable.NONE);
            guest = new BlkGuest(
                    new Disk(store, zones, null),
                    BlkGuest.traits(store).withZones(traits).withSecureErase(true));
            data = guest.buffer(64 << 10);
            report = guest.buffer(4096);
        }

        void step() {
            // failed zones come back with a new disk only, so they are rare
            if (random.nextInt(4000) == 0) {
                int zone = traits.conventional() + random.nextInt(zones.count() - traits.conventional());
                boolean readable = random.nextBoolean();
                did = "zone " + zone + " fails";
                zones.fail(zone, readable);
                oracle.fail(zone, readable);
                return;
            }
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> write(BlkRequest.OUT);
                case 3, 4 -> write(BlkRequest.ZONE_APPEND);
                case 5, 6 -> read();
                case 7, 8 -> manage(MANAGEMENT[random.nextInt(MANAGEMENT.length)], zoneStart());
                default -> {
                    int rare = random.nextInt(40);
                    if (rare == 0) {
                        manage(BlkRequest.ZONE_RESET_ALL, 0);
                    } else if (rare < 10) {
                        secureErase();
                    } else {
                        manage(MANAGEMENT[random.nextInt(MANAGEMENT.length)], random.nextInt(sectors + 40) - 10);
                    }
                }
            }
        }

        private long zoneStart() {
            return (long) random.nextInt(zones.count()) * ZONE;
        }

        /** Mostly where a write can go. */
        private long target(int type) {
            int zone = random.nextInt(zones.count());
            if (random.nextInt(8) == 0) {
                return random.nextInt(sectors + 8);
            }
            return type == BlkRequest.OUT ? oracle.zones.get(zone).wp : zones.start(zone);
        }

        private void write(int type) {
            long sector = target(type);
            int bytes = 512 * (1 + random.nextInt(random.nextInt(6) == 0 ? 2 * ZONE : 6));
            guest.fill(data, bytes, random.nextInt());
            byte[] sent = guest.bytes(data, bytes);
            did = (type == BlkRequest.OUT ? "write " : "append ") + sector + "+" + bytes / 512;
            int expected = type == BlkRequest.OUT ? oracle.write(sector, sent) : oracle.append(sector, sent);
            check(guest.run(type, sector, data, bytes), expected);
            if (type == BlkRequest.ZONE_APPEND && expected == BlkRequest.OK) {
                assertThat(guest.driver.appendSector()).isEqualTo(oracle.appendedAt);
                assertThat(guest.ring.usedLength()).isEqualTo(9);
            }
        }

        private void read() {
            long sector = random.nextInt(sectors + 2);
            int bytes = 512 * (1 + random.nextInt(random.nextInt(6) == 0 ? 2 * ZONE : 8));
            guest.fill(data, bytes, 77);
            did = "read " + sector + "+" + bytes / 512;
            int expected = oracle.read(sector, bytes);
            check(guest.run(BlkRequest.IN, sector, data, bytes), expected);
            if (expected == BlkRequest.OK) {
                assertThat(guest.ring.usedLength()).isEqualTo(bytes + 1);
                assertThat(guest.bytes(data, bytes))
                        .isEqualTo(Arrays.copyOfRange(oracle.disk, (int) sector * 512, (int) sector * 512 + bytes));
            }
        }

        private void manage(int type, long sector) {
            did = "command " + type + " on " + sector;
            check(guest.run(type, sector, data, 0), oracle.manage(type, sector));
        }

        private void secureErase() {
            boolean whole = random.nextInt(4) > 0;
            long sector = whole ? zoneStart() : random.nextInt(sectors);
            int length = whole ? ZONE * (1 + random.nextInt(2)) : 1 + random.nextInt(ZONE);
            did = "secure erase " + sector + "+" + length;
            int bytes = guest.driver.range(data, 0, sector, length, 0);
            check(guest.run(BlkRequest.SECURE_ERASE, 0, data, bytes), oracle.secureErase(sector, length));
        }

        private void check(int status, int expected) {
            assertThat(status).as(did).isEqualTo(expected);
            good += status == BlkRequest.OK ? 1 : 0;
        }

        void compareReport() {
            did = "report after " + did;
            assertThat(guest.run(BlkRequest.ZONE_REPORT, 0, report, 4096)).isEqualTo(BlkRequest.OK);
            long at = guest.area.offset(report);
            assertThat(BlkZone.zones(guest.memory, at)).isEqualTo(zones.count());
            for (int i = 0; i < zones.count(); i++) {
                long entry = BlkZone.descriptor(at, i);
                ZoneOracle.Zone zone = oracle.zones.get(i);
                assertThat(BlkZone.start(guest.memory, entry)).isEqualTo(zone.start);
                assertThat(BlkZone.capacity(guest.memory, entry)).isEqualTo(zone.size);
                assertThat(BlkZone.state(guest.memory, entry))
                        .as("state of zone %d", i)
                        .isEqualTo(ZoneOracle.number(zone.state));
                if (zone.is("empty", "iopen", "eopen", "closed")) {
                    assertThat(BlkZone.pointer(guest.memory, entry))
                            .as("pointer of zone %d", i)
                            .isEqualTo(zone.wp);
                }
            }
            assertThat(zones.open()).isEqualTo((int) count("iopen", "eopen"));
            assertThat(zones.active()).isEqualTo((int) count("iopen", "eopen", "closed"));
            if (traits.maxOpen() > 0) {
                assertThat(zones.open()).isLessThanOrEqualTo(traits.maxOpen());
            }
            if (traits.maxActive() > 0) {
                assertThat(zones.active()).isLessThanOrEqualTo(traits.maxActive());
            }
        }

        private long count(String... states) {
            return oracle.zones.stream().filter(zone -> zone.is(states)).count();
        }
    }
}
