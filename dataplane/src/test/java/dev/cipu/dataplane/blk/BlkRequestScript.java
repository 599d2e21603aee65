package dev.cipu.dataplane.blk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.blk.BlkZone;
import dev.cipu.virtio.blk.RangeLimits;
import dev.cipu.virtio.blk.ZoneTraits;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Requests made of bytes, whatever they are, and what has to hold after each of them: it is answered once and with a
 * status that there is, nothing is written behind its buffers, no zone is where it cannot be. The first byte chooses the
 * disk; then each request is a type, a sector, the shape of its chain and the first bytes of its data.
 */
final class BlkRequestScript {
    private static final int ZONE = 16;
    private static final int SECTORS = 8 * ZONE + 4;
    private static final int CHOICES = 6;
    private static final int MOST_REQUESTS = 64;
    private static final int ROOM = 16 << 10;
    private static final int MEMORY = 256 << 10;
    private static final byte GUARD = 0x5b;
    private static final byte UNANSWERED = 0x7f;

    private final ByteBuffer input;
    private final ZoneTraits traits;
    private final Zones zones;
    private final boolean zoned;
    private final BlkGuest guest;
    private final long header;
    private final long data;
    private final long reply;
    private int answered;
    private int good;

    private BlkRequestScript(byte[] bytes) {
        input = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int choice = input.hasRemaining() ? Math.floorMod(input.get(), CHOICES) : 0;
        MemoryStore store = new MemoryStore(SECTORS * 512L);
        traits = choice == 1 || choice == 2
                ? ZoneTraits.managed(ZONE).withConventional(choice - 1).withLimits(2, 3)
                : ZoneTraits.aware(ZONE);
        zoned = choice > 0 && choice < 5;
        zones = new Zones(traits, SECTORS, ZoneTable.NONE);
        if (choice == 2) {
            zones.fail(3, true);
            zones.fail(4, false);
        }
        BlkTraits disk = BlkGuest.traits(store).withLifetime(true).withReadOnly(choice == 5);
        disk = zoned ? disk.withZones(traits).withSecureErase(true) : disk.withSecureErase(new RangeLimits(64, 4, 8));
        guest = new BlkGuest(
                new Disk(store, zoned ? zones : null, new Wear(1 << 20, 0)),
                disk,
                FeatureSet.NONE,
                Arena.ofAuto().allocate(MEMORY, 4096));
        if (choice == 4) {
            guest.device.negotiate(FeatureSet.of(RingFeature.VERSION_1));
            assertThat(guest.device.isNegotiated(BlkFeature.ZONED)).isFalse();
        }
        header = guest.area.allocate(64, 64);
        data = guest.buffer(ROOM);
        reply = guest.buffer(2 * ROOM);
    }

    static BlkRequestScript run(byte[] bytes) {
        BlkRequestScript script = new BlkRequestScript(bytes);
        for (int i = 0; i < MOST_REQUESTS && script.input.remaining() >= 4; i++) {
            script.request();
            script.checkZones();
        }
        assertThat(script.guest.violations).isEmpty();
        assertThat(script.guest.served.inFlight()).isZero();
        return script;
    }

    int answered() {
        return answered;
    }

    int good() {
        return good;
    }

    private int next() {
        return input.hasRemaining() ? input.get() & 0xff : 0;
    }

    /** Small mostly, so that it is somewhere on the disk. */
    private long sector() {
        int form = next();
        return switch (form & 3) {
            case 0 -> (long) ZONE * (form >> 2);
            case 1 -> zones.start(Math.floorMod(form >> 2, zones.count())) + zones.written((form >> 2) % zones.count());
            case 2 -> (form >> 2) + 2L * next();
            default -> input.remaining() >= 8 ? input.getLong() : -1;
        };
    }

    private void request() {
        int type = next();
        long sector = sector();
        int shape = next();
        int readable = 16 + (shape & 1) * next() + (shape & 2) * 256 * (next() & 7);
        int writable = (shape >> 2 & 1) + (shape >> 3 & 1) * next() + (shape >> 4 & 1) * 512 * (next() & 15);
        int headerBytes = (shape & 0x60) == 0x60 ? shape & 15 : 16;
        MemorySegment memory = guest.memory;
        long at = guest.area.offset(header);
        memory.set(Le.INT_UNALIGNED, at, type == 255 ? input.remaining() >= 4 ? input.getInt() : -1 : type & 31);
        memory.set(Le.LONG_UNALIGNED, at + 8, sector);
        int ranges = Math.min(3, (readable - 16) / 16);
        for (int i = 0; i < ranges; i++) {
            long range = guest.area.offset(data) + i * 16L;
            memory.set(Le.LONG_UNALIGNED, range, sector());
            memory.set(Le.INT_UNALIGNED, range + 8, next());
            memory.set(Le.INT_UNALIGNED, range + 12, next() & 3 & next());
        }
        memory.asSlice(guest.area.offset(reply), 2L * ROOM).fill(GUARD);
        BlkGuest.Raw raw = guest.raw().readable(header, headerBytes);
        if (readable > 16) {
            raw.readable(data, readable - 16);
        }
        if (writable > 0) {
            memory.set(ValueLayout.JAVA_BYTE, guest.area.offset(reply) + writable - 1, UNANSWERED);
            // in two parts, if the shape says so
            int first = shape > 127 ? writable / 2 : 0;
            if (first > 0) {
                raw.writable(reply, first);
            }
            raw.writable(reply + first, writable - first);
        }
        int used = raw.run();
        answered++;
        assertThat(used).as("used length").isBetween(0, writable);
        byte[] area = guest.bytes(reply, 2 * ROOM);
        for (int i = writable; i < area.length; i++) {
            if (area[i] != GUARD) {
                throw new AssertionError("byte " + (i - writable) + " behind the buffers was written");
            }
        }
        if (writable > 0) {
            byte status = area[writable - 1];
            assertThat(status).as("status").isBetween(BlkRequest.OK, BlkRequest.ZONE_ACTIVE_RESOURCE);
            if (!zoned) {
                assertThat(status).as("status of a plain disk").isLessThanOrEqualTo(BlkRequest.UNSUPP);
            }
            good += status == BlkRequest.OK ? 1 : 0;
        }
    }

    private void checkZones() {
        int open = 0;
        int active = 0;
        for (int zone = 0; zone < zones.count(); zone++) {
            byte state = zones.state(zone);
            long written = zones.written(zone);
            assertThat(written).isBetween(0L, zones.size(zone));
            boolean isOpen = state == BlkZone.IMPLICITLY_OPEN || state == BlkZone.EXPLICITLY_OPEN;
            open += isOpen ? 1 : 0;
            active += isOpen || state == BlkZone.CLOSED ? 1 : 0;
            if (zone < traits.conventional()) {
                assertThat(state).isEqualTo(BlkZone.NOT_WP);
            } else if (state == BlkZone.EMPTY) {
                assertThat(written).isZero();
            } else if (state == BlkZone.CLOSED || state == BlkZone.IMPLICITLY_OPEN) {
                assertThat(written).isBetween(1L, zones.size(zone) - 1);
            }
        }
        assertThat(zones.open()).isEqualTo(open);
        assertThat(zones.active()).isEqualTo(active);
        if (traits.maxOpen() > 0) {
            assertThat(open).isLessThanOrEqualTo(traits.maxOpen());
            assertThat(active).isLessThanOrEqualTo(traits.maxActive());
        }
    }
}
