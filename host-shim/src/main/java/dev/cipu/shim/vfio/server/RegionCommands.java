package dev.cipu.shim.vfio.server;

import dev.cipu.device.pci.Doorbell;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.Region;
import dev.cipu.device.pci.RegionId;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.VfioMessage;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Commands about a function's address spaces. {@code [vfio-user "VFIO_USER_DEVICE_GET_REGION_INFO"]} Owned by the session's
 * thread; what clients may map is theirs alone and goes with the session.
 */
final class RegionCommands implements AutoCloseable {
    /** As VFIO numbers them: those of {@link RegionId}, and an old display's memory, which nobody has. */
    static final int REGIONS = 9;

    private static final Fd[] NO_DESCRIPTORS = {};

    private final PciFunction function;
    private final CardQueues queues;
    private final boolean mappable;
    private final Map<RegionId, Memfd> pages = new EnumMap<>(RegionId.class);

    /**
     * @param mappable whether clients may map doorbells; then queues are polled once one does
     */
    RegionCommands(PciFunction function, CardQueues queues, boolean mappable) {
        this.function = function;
        this.queues = queues;
        this.mappable = mappable;
    }

    static @Nullable RegionId id(int index) {
        if (index < 0 || index >= REGIONS) {
            throw new Refusal("region " + Integer.toUnsignedString(index));
        }
        RegionId[] known = RegionId.values();
        return index < known.length ? known[index] : null;
    }

    private Region region(@Nullable RegionId id) {
        return id == null ? Region.NONE : function.region(id);
    }

    /**
     * Returns the descriptors that go with the reply.
     *
     * @param watched whether somebody has to see each kick: then no doorbell is mapped
     */
    Fd[] info(VfioMessage message, VfioMessage reply, boolean watched) {
        int index = message.u32(VfioLayout.INDEX);
        RegionId id = id(index);
        Region region = region(id);
        List<Region.Range> areas = mappable && !watched ? region.doorbells() : List.of();
        int whole = areas.isEmpty()
                ? VfioLayout.REGION_BYTES
                : VfioLayout.SPARSE_FIRST + areas.size() * VfioLayout.AREA_BYTES;
        boolean fits = whole <= room(message, VfioLayout.REGION_BYTES);
        reply.answer(message, fits ? whole : VfioLayout.REGION_BYTES)
                .u32(VfioLayout.ARGSZ, whole)
                .u32(VfioLayout.ARG_FLAGS, flags(region, !areas.isEmpty()))
                .u32(VfioLayout.INDEX, index)
                .u64(VfioLayout.REGION_SIZE, region.bytes());
        if (id == null || areas.isEmpty()) {
            return NO_DESCRIPTORS;
        }
        reply.u32(VfioLayout.REGION_CAPABILITIES, VfioLayout.SPARSE_ID);
        if (fits) {
            reply.u16(VfioLayout.SPARSE_ID, VfioLayout.SPARSE_MMAP)
                    .u16(VfioLayout.SPARSE_VERSION, 1)
                    .u32(VfioLayout.SPARSE_AREAS, areas.size());
            for (int i = 0; i < areas.size(); i++) {
                int at = VfioLayout.SPARSE_FIRST + i * VfioLayout.AREA_BYTES;
                reply.u64(at, areas.get(i).offset())
                        .u64(at + Long.BYTES, areas.get(i).bytes());
            }
        }
        queues.poll();
        Memfd memory = pages.computeIfAbsent(id, one -> Memfd.create("vfio-" + one, region.bytes()));
        return new Fd[] {memory.fd()};
    }

    private static int flags(Region region, boolean mappable) {
        return (region.readable() ? VfioLayout.REGION_READABLE : 0)
                | (region.writable() ? VfioLayout.REGION_WRITABLE : 0)
                | (mappable ? VfioLayout.REGION_MAPPABLE | VfioLayout.REGION_HAS_CAPABILITIES : 0);
    }

    /** What the client has room for, at least the fixed part. */
    private static long room(VfioMessage message, int least) {
        long room = Integer.toUnsignedLong(message.u32(VfioLayout.ARGSZ));
        if (room < least) {
            throw new Refusal("room for a reply of " + room + " bytes");
        }
        return room;
    }

    /**
     * Events by which a host notifies queues without a message. {@code [vfio-user "VFIO_USER_DEVICE_GET_REGION_IO_FDS"]}
     *
     * @param most descriptors that the client takes; queues beyond are notified by messages
     */
    Fd[] events(VfioMessage message, VfioMessage reply, int most) {
        int index = message.u32(VfioLayout.INDEX);
        RegionId id = id(index);
        List<Doorbell> all = id == null ? List.of() : function.doorbells(id);
        List<Doorbell> bells = all.subList(0, Math.min(all.size(), most));
        int whole = VfioLayout.EVENTS_FIRST + bells.size() * VfioLayout.EVENT_BYTES;
        boolean fits = whole <= room(message, VfioLayout.EVENTS_FIRST);
        reply.answer(message, fits ? whole : VfioLayout.EVENTS_FIRST)
                .u32(VfioLayout.ARGSZ, whole)
                .u32(VfioLayout.INDEX, index)
                .u32(VfioLayout.EVENTS_COUNT, bells.size());
        Fd[] events = new Fd[fits ? bells.size() : 0];
        queues.silent();
        for (int i = 0; i < events.length; i++) {
            int at = VfioLayout.EVENTS_FIRST + i * VfioLayout.EVENT_BYTES;
            // of size 0: a notification may have two bytes or four
            reply.u64(at + VfioLayout.EVENT_OFFSET, bells.get(i).offset())
                    .u32(at + VfioLayout.EVENT_FD, i)
                    .u32(at + VfioLayout.EVENT_TYPE, VfioLayout.TYPE_IOEVENTFD);
            events[i] = queues.event(bells.get(i).queue()).fd();
        }
        return events;
    }

    void read(VfioMessage message, VfioMessage reply) {
        Access access = access(message, 0, VfioLayout.MAX_DATA);
        if (!region(access.region).readable()) {
            throw new Refusal("a read of " + access.region);
        }
        byte[] data = new byte[access.count];
        function.read(access.region, access.offset, data);
        reply.answer(message, VfioLayout.ACCESS_DATA + data.length)
                .bytes(0, message.bytes(0, VfioLayout.ACCESS_DATA))
                .bytes(VfioLayout.ACCESS_DATA, data);
    }

    void write(VfioMessage message, VfioMessage reply) {
        Access access = access(message, 0, VfioLayout.MAX_DATA);
        if (message.size() != VfioLayout.ACCESS_DATA + access.count) {
            throw new Refusal("a write of " + access.count + " bytes in a payload of " + message.size());
        }
        checkWritable(access);
        perform(message, access, 0);
        reply.answer(message, VfioLayout.ACCESS_DATA).bytes(0, message.bytes(0, VfioLayout.ACCESS_DATA));
    }

    /** All writes are looked at before the first is done. */
    void writeMany(VfioMessage message, VfioMessage reply) {
        long count = message.u64(0);
        int room = (message.size() - VfioLayout.WRITES_FIRST) / VfioLayout.WRITE_BYTES;
        if (count < 0 || count > room || message.size() != VfioLayout.WRITES_FIRST + count * VfioLayout.WRITE_BYTES) {
            throw new Refusal(count + " writes in a payload of " + message.size() + " bytes");
        }
        Access[] writes = new Access[(int) count];
        for (int i = 0; i < writes.length; i++) {
            writes[i] = access(message, VfioLayout.WRITES_FIRST + i * VfioLayout.WRITE_BYTES, VfioLayout.WRITE_MOST);
            checkWritable(writes[i]);
        }
        for (int i = 0; i < writes.length; i++) {
            perform(message, writes[i], VfioLayout.WRITES_FIRST + i * VfioLayout.WRITE_BYTES);
        }
        reply.answer(message, Long.BYTES).u64(0, count);
    }

    private record Access(RegionId region, long offset, int count) {}

    private Access access(VfioMessage message, int at, int most) {
        RegionId id = id(message.u32(at + VfioLayout.ACCESS_REGION));
        long offset = message.u64(at + VfioLayout.ACCESS_OFFSET);
        long count = Integer.toUnsignedLong(message.u32(at + VfioLayout.ACCESS_COUNT));
        long bytes = region(id).bytes();
        if (id == null || count == 0 || count > most || offset < 0 || offset > bytes || count > bytes - offset) {
            throw new Refusal(
                    "access to " + id + " of " + bytes + " bytes at " + Long.toUnsignedString(offset) + "+" + count);
        }
        return new Access(id, offset, (int) count);
    }

    private void checkWritable(Access access) {
        if (!region(access.region).writable()) {
            throw new Refusal("a write to " + access.region);
        }
    }

    private void perform(VfioMessage message, Access write, int at) {
        function.write(write.region, write.offset, message.bytes(at + VfioLayout.ACCESS_DATA, write.count));
    }

    @Override
    public void close() {
        pages.values().forEach(Memfd::close);
    }
}
