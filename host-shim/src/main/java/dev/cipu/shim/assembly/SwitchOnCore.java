package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.CounterTable;
import dev.cipu.dataplane.net.Burst;
import dev.cipu.dataplane.net.GuestPort;
import dev.cipu.dataplane.net.HostPort;
import dev.cipu.dataplane.net.L2Switch;
import dev.cipu.dataplane.net.Loopback;
import dev.cipu.dataplane.net.Offload;
import dev.cipu.dataplane.net.PacketPool;
import dev.cipu.dataplane.net.Port;
import dev.cipu.dataplane.net.PortJournal;
import dev.cipu.shim.assembly.SwitchSpec.Uplink;
import dev.cipu.shim.net.Tap;
import dev.cipu.sim.pace.PacedPort;
import dev.cipu.virtio.net.NetDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A switch with its pool and its ports, all on one core. Made by the composition root; ports are plugged
 * in and pulled out while the core runs.
 */
final class SwitchOnCore {
    /** Ethernet header and one VLAN tag. */
    private static final int L2_OVERHEAD = 18;

    /** What the switch has on its way at any time: one burst in, with room to spare. */
    private static final int SLOTS_OF_SWITCH = 2 * Burst.CAPACITY;

    /**
     * Large frames on their way: what a guest sends in a turn, twice over where they come back a turn later. When there
     * are no more, they wait in the guests' transmitqs.
     */
    private static final int LARGE_SLOTS = 64;

    /** To a guest, and from it. */
    private static final int WAYS = 2;

    private final CardCore core;
    private final PacketPool pool;
    private final L2Switch ethernet;

    /** Ports with timing that there is still room for. */
    private final AtomicInteger pacedRoom;

    /**
     * @param pacedPorts ports that hold frames back, at most
     * @param memory where the frames are kept, closed after the core has ended
     * @param mtu the largest of any port
     */
    SwitchOnCore(SwitchSpec spec, CardCore core, CounterTable counters, Arena memory, int mtu, int pacedPorts) {
        this.core = core;
        pacedRoom = new AtomicInteger(pacedPorts);
        boolean reflects = spec.uplink() == Uplink.LOOPBACK;
        int slots = SLOTS_OF_SWITCH + (reflects ? Loopback.CAPACITY : 0) + WAYS * PacedPort.FRAMES * pacedPorts;
        int largeSlots = (reflects ? 2 : 1) * LARGE_SLOTS + WAYS * PacedPort.LARGE_FRAMES * pacedPorts;
        pool = new PacketPool(memory, slots, mtu + L2_OVERHEAD, largeSlots);
        ethernet = new L2Switch(pool, System::nanoTime, counters.group(spec.name(), L2Switch.COUNTERS));
        if (reflects) {
            ethernet.add(new Loopback(pool));
        }
        core.worker().add(ethernet);
    }

    CardCore core() {
        return core;
    }

    /**
     * A new port for {@code device}.
     *
     * @param counting made of {@link GuestPort#COUNTERS}
     * @param coalesce see {@link GuestPort#coalesce}
     * @param journal where what passes it is recorded, null for nowhere
     * @param paced how it is timed, null for not at all; there must be {@linkplain #reservePaced room}
     */
    NetFunction plug(
            NetDevice device,
            CounterGroup counting,
            boolean coalesce,
            @Nullable PortJournal journal,
            Pacing.@Nullable OfPort paced) {
        GuestPort port = new GuestPort(device, pool, counting, System::nanoTime);
        port.coalesce(coalesce);
        if (journal != null) {
            port.record(journal);
        }
        Port inSwitch = paced == null
                ? port
                : new PacedPort(port, pool, paced.timing(), System::nanoTime, paced.fromGuest(), paced.toGuest());
        core.worker().call(() -> ethernet.add(inSwitch));
        return new NetFunction(device, this, port, inSwitch);
    }

    /** Whether there is room for one more port with timing, which is that one's then: it has slots of its own. Any thread. */
    boolean reservePaced() {
        return pacedRoom.getAndUpdate(room -> Math.max(0, room - 1)) > 0;
    }

    /** Takes {@link #reservePaced} back. */
    void releasePaced() {
        pacedRoom.incrementAndGet();
    }

    /**
     * A new port for an interface of the host.
     *
     * @param counting made of {@link HostPort#COUNTERS}
     * @return pulls it out again
     */
    AutoCloseable plug(Tap tap, int mtu, CounterGroup counting) {
        HostPort port = new HostPort(tap, pool, mtu + L2_OVERHEAD, counting);
        int fd = tap.fd().number();
        boolean kicks = core.watch(fd);
        core.worker().call(() -> ethernet.add(port));
        return () -> {
            unplug(port);
            core.unwatch(fd, kicks);
        };
    }

    /** Pulls a port out; when this returns the worker does not touch it any more. */
    void unplug(Port port) {
        core.worker().call(() -> {
            ethernet.remove(port);
            if (port instanceof PacedPort paced) {
                paced.close();
            }
        });
    }

    /** Bytes of the largest packet that its ports may have: the pool is made for that. */
    int mtu() {
        return pool.frameBytes() - L2_OVERHEAD;
    }

    /** Sends a frame to every port, as a guest does to say that it has moved here. Returns when it is on its way. */
    void announce(byte[] mac) {
        Announcement announcement = new Announcement(Rarp.announce(mac));
        core.worker().call(() -> {
            ethernet.add(announcement);
            ethernet.poll();
            ethernet.remove(announcement);
        });
    }

    /** A port for one frame. */
    private final class Announcement implements Port {
        private final byte[] frame;
        private boolean sent;

        Announcement(byte[] frame) {
            this.frame = frame;
        }

        @Override
        public int receive(Burst burst) {
            int slot = sent ? -1 : pool.take();
            if (slot < 0) {
                return 0;
            }
            sent = true;
            MemorySegment.copy(MemorySegment.ofArray(frame), 0, pool.slab(), pool.frameOffset(slot), frame.length);
            burst.add(slot, frame.length, Offload.NONE);
            return 1;
        }

        @Override
        public void transmit(Burst burst) {}

        @Override
        public boolean learns() {
            // the address is another port's
            return false;
        }

        @Override
        public boolean arm() {
            return true;
        }

        @Override
        public void disarm() {}
    }
}
