package dev.cipu.shim.conform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.load.ScriptedBackEnd;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkZone;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SplitQueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Disks whose zones are only said to be some: each check of zones finds one of them. */
@Timeout(120)
class ZoneChecksTest {
    private static final int ZONE = 256;
    private static final int ZONES = 16;
    private static final FeatureSet FEATURES = FeatureSet.of(
            RingFeature.VERSION_1,
            BlkFeature.SIZE_MAX,
            BlkFeature.SEG_MAX,
            BlkFeature.FLUSH,
            BlkFeature.SECURE_ERASE,
            BlkFeature.ZONED);
    private static final long PROTOCOL = ProtocolFeature.REPLY_ACK | ProtocolFeature.CONFIG | ProtocolFeature.STATUS;

    @TempDir
    Path folder;

    private static byte[] config(int open, int active) {
        byte[] config = new byte[BlkConfig.BYTES];
        MemorySegment to = MemorySegment.ofArray(config);
        to.set(Le.LONG_UNALIGNED, BlkConfig.CAPACITY, (long) ZONE * ZONES);
        to.set(Le.INT_UNALIGNED, BlkConfig.SIZE_MAX, 1 << 16);
        to.set(Le.INT_UNALIGNED, BlkConfig.SEG_MAX, 16);
        to.set(Le.INT_UNALIGNED, BlkConfig.MAX_SECURE_ERASE_SECTORS, ZONE);
        to.set(Le.INT_UNALIGNED, BlkConfig.MAX_SECURE_ERASE_SEG, 1);
        to.set(Le.INT_UNALIGNED, BlkConfig.SECURE_ERASE_SECTOR_ALIGNMENT, ZONE);
        to.set(Le.INT_UNALIGNED, BlkConfig.ZONE_SECTORS, ZONE);
        to.set(Le.INT_UNALIGNED, BlkConfig.MAX_OPEN_ZONES, open);
        to.set(Le.INT_UNALIGNED, BlkConfig.MAX_ACTIVE_ZONES, active);
        to.set(Le.INT_UNALIGNED, BlkConfig.MAX_APPEND_SECTORS, ZONE);
        to.set(Le.INT_UNALIGNED, BlkConfig.WRITE_GRANULARITY, 512);
        config[BlkConfig.ZONED_MODEL] = BlkZone.HOST_MANAGED;
        return config;
    }

    private BadBackEnd backEnd() {
        return new BadBackEnd(folder, DeviceKind.BLK, FEATURES, PROTOCOL, config(2, 4));
    }

    private static Set<String> ids() {
        Set<String> ids = BadBackEnd.ids(ZoneChecks.all());
        ids.addAll(BadBackEnd.ids(ZoneWriteChecks.all()));
        return ids;
    }

    /** Reports what it is told to, whatever happens, answers by type, and reads what it got last. */
    private static final class Pretender implements ScriptedBackEnd.Device {
        private final Chain chain = new Chain();
        private final MemorySegment bytes = MemorySegment.ofArray(new byte[1 << 20]);
        private final byte[] last = new byte[1 << 20];
        private final IntUnaryOperator status;
        private final IntUnaryOperator type;
        private final int state;
        private final int zones;

        /**
         * @param status by request
         * @param type by zone
         * @param state of all zones; some are others where it is a failed one
         * @param zones that are reported
         */
        Pretender(IntUnaryOperator status, IntUnaryOperator type, int state, int zones) {
            this.status = status;
            this.type = type;
            this.state = state;
            this.zones = zones;
        }

        @Override
        public int serve(int index, SplitQueue queue, List<@Nullable SplitQueue> all) {
            int done = 0;
            while (queue.pop(chain)) {
                queue.push(chain.head(), answer());
                done++;
            }
            if (done > 0) {
                queue.publish();
            }
            return done;
        }

        private int answer() {
            int got = chain.read(0, bytes, 0, (int) chain.readableBytes());
            int request = bytes.get(Le.INT_UNALIGNED, 0);
            long sector = bytes.get(Le.LONG_UNALIGNED, 8);
            int room = (int) chain.writableBytes() - 1;
            if (request == BlkRequest.OUT) {
                MemorySegment.copy(bytes, BlkRequest.HEADER_BYTES, MemorySegment.ofArray(last), 0, got - 16L);
            }
            bytes.asSlice(0, room).fill((byte) 0);
            if (request == BlkRequest.IN) {
                MemorySegment.copy(MemorySegment.ofArray(last), 0, bytes, 0, room);
            } else if (request == BlkRequest.ZONE_REPORT && room >= BlkZone.REPORT_BYTES) {
                report((int) (sector / ZONE), (room - BlkZone.REPORT_BYTES) / BlkZone.DESCRIPTOR_BYTES);
            }
            bytes.set(ValueLayout.JAVA_BYTE, room, (byte) status.applyAsInt(request));
            return chain.write(0, bytes, 0, room + 1);
        }

        private void report(int first, int most) {
            int count = Math.clamp(zones - first, 0, most);
            BlkZone.head(bytes, 0, count);
            for (int i = 0; i < count; i++) {
                int zone = first + i;
                int kind = type.applyAsInt(zone);
                long start = (long) zone * ZONE;
                int now = kind == BlkZone.CONVENTIONAL ? BlkZone.NOT_WP : stateOf(zone);
                BlkZone.describe(bytes, BlkZone.descriptor(0, i), ZONE, start, start, (byte) kind, (byte) now);
            }
        }

        private int stateOf(int zone) {
            if (state != BlkZone.OFFLINE) {
                return state;
            }
            return zone == 1 ? BlkZone.OFFLINE : zone == 2 ? BlkZone.READ_ONLY : BlkZone.EMPTY;
        }
    }

    private static int oneConventional(int zone) {
        return zone == 0 ? BlkZone.CONVENTIONAL : BlkZone.SEQUENTIAL_REQUIRED;
    }

    private static Pretender obliging(int state) {
        return new Pretender(_ -> BlkRequest.OK, ZoneChecksTest::oneConventional, state, ZONES);
    }

    @Test
    void eachCheckFindsADiskThatIsAtFault() {
        Set<String> found = new HashSet<>();
        // says yes to all and does nothing
        found.addAll(backEnd().failures(ids(), obliging(BlkZone.EMPTY)));
        assertThat(found)
                .contains("BK-008", "BK-038", "BK-039", "BK-040", "BK-041", "BK-042", "BK-043", "BK-044", "BK-046")
                .contains("BK-047", "BK-048", "BK-049", "BK-050", "BK-051", "BK-052", "BK-056", "BK-057")
                .contains("BZ-003", "BZ-004", "BZ-005")
                .doesNotContain("BK-009", "BK-010", "BK-014", "BK-058", "BZ-001", "BZ-002");
        // all zones full, whatever is done
        Set<String> full = backEnd().failures(ids(), obliging(BlkZone.FULL));
        assertThat(full).contains("BK-045", "BK-060").doesNotContain("BZ-001", "BZ-002");
        found.addAll(full);
        // some zones that have failed and are written
        Set<String> failing = backEnd().failures(Set.of("BK-054", "BK-055"), obliging(BlkZone.OFFLINE));
        assertThat(failing).containsExactlyInAnyOrder("BK-054", "BK-055");
        found.addAll(failing);
        // refuses what changes anything
        IntUnaryOperator refusal =
                request -> request == BlkRequest.ZONE_REPORT ? BlkRequest.OK : BlkRequest.ZONE_INVALID_CMD;
        Set<String> refused = backEnd()
                .failures(ids(), new Pretender(refusal, ZoneChecksTest::oneConventional, BlkZone.EMPTY, ZONES));
        assertThat(refused).contains("BK-053", "BZ-004").doesNotContain("BK-038", "BK-043", "BK-044");
        found.addAll(refused);
        // zones of no kind
        Set<String> odd = backEnd()
                .failures(Set.of("BZ-001", "BZ-002"), new Pretender(_ -> BlkRequest.OK, _ -> 9, BlkZone.EMPTY, ZONES));
        assertThat(odd).containsExactly("BZ-002");
        found.addAll(odd);
        // reports the first zone only
        found.addAll(backEnd()
                .failures(
                        Set.of("BZ-001"),
                        new Pretender(_ -> BlkRequest.OK, ZoneChecksTest::oneConventional, BlkZone.EMPTY, 1)));
        found.addAll(impossible());
        Set<String> all = ids();
        // it may be zero, and may be anything else
        all.remove("BK-015");
        assertThat(found).containsExactlyInAnyOrderElementsOf(all);
    }

    /** Configurations that cannot be. */
    private Set<String> impossible() {
        byte[] config = config(1000, 999);
        MemorySegment to = MemorySegment.ofArray(config);
        to.set(Le.INT_UNALIGNED, BlkConfig.ZONE_SECTORS, 0);
        to.set(Le.INT_UNALIGNED, BlkConfig.MAX_APPEND_SECTORS, 1 << 20);
        to.set(Le.INT_UNALIGNED, BlkConfig.WRITE_GRANULARITY, 0);
        config[BlkConfig.ZONED_MODEL] = 5;
        config[94] = 1;
        Set<String> found = backEnd().with(config).failures(ids(), obliging(BlkZone.EMPTY));
        assertThat(found)
                .containsExactlyInAnyOrder(
                        "BK-009", "BK-010", "BK-011", "BK-012", "BK-013", "BK-014", "BK-016", "BK-017");
        byte[] ragged = config(2, 4);
        MemorySegment erase = MemorySegment.ofArray(ragged);
        erase.set(Le.INT_UNALIGNED, BlkConfig.SECURE_ERASE_SECTOR_ALIGNMENT, 8);
        erase.set(Le.INT_UNALIGNED, BlkConfig.MAX_SECURE_ERASE_SECTORS, ZONE + 8);
        found.addAll(backEnd().with(ragged).failures(Set.of("BK-058", "BK-059"), obliging(BlkZone.EMPTY)));
        return found;
    }
}
