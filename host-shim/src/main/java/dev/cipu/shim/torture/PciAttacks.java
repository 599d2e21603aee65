package dev.cipu.shim.torture;

import dev.cipu.device.pci.HeaderLayout;
import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.device.virtio.StructureCapabilities;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.client.PciExchange;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.shim.vfio.client.Structure;
import dev.cipu.shim.vfio.client.VfioClient;
import dev.cipu.virtio.DeviceStatus;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** What a hostile client and a hostile guest do to a PCI function and to the server behind it. */
final class PciAttacks {
    private static final long GUEST = PciRig.GUEST;
    private static final long BYTES = PciRig.BYTES;
    private static final int PAGE = 4096;
    private static final int MANY_REGIONS = 300;
    private static final int ROUNDS = 50;
    private static final int MANY = 16;
    private static final int LAST_COMMAND = 20;

    /** An extended capability. {@code [PCI Express Base 4.0 §9.3.3]} */
    private static final int SINGLE_ROOT = 0x10;

    private static final int TOTAL_VFS = 0x0e;
    private static final int NUM_VFS = 0x10;
    private static final int SR_CONTROL = 0x08;

    private static final int MIG_FEATURE = 1;
    private static final int MIG_STATE = 2;
    private static final int MIG_DATA_READ = 17;
    private static final int MIG_DATA_WRITE = 18;

    private PciAttacks() {}

    static List<Attack<PciAssault>> all() {
        return List.of(
                Attack.any(62, "messages of wrong sizes, versions that are none, ids used twice", PciAttacks::messages),
                Attack.any(
                        63, "DMA regions that overlap, wrap, go away and are not ours to write", PciAttacks::regions),
                Attack.any(64, "registers outside of their regions, the window to anywhere", PciAttacks::registers),
                Attack.any(65, "interrupts and selections that are not there", PciAttacks::interrupts),
                Attack.any(66, "virtual functions beyond all, resets while requests run", PciAttacks::resets),
                Attack.any(67, "a descriptor that points at the function's own registers", PciAttacks::ownRegisters),
                Attack.any(68, "a migration stream cut off and out of order", PciAttacks::migration),
                Attack.any(69, "memory that must be asked for, and a client that does not answer", PciAttacks::silence),
                Attack.any(70, "more descriptors than any command may bring", PciAttacks::descriptors));
    }

    private static ByteBuffer payload(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] frame(int id, int command, int size, int flags, byte[] payload) {
        return payload(16 + payload.length)
                .putShort((short) id)
                .putShort((short) command)
                .putInt(size)
                .putInt(flags)
                .putInt(0)
                .put(payload)
                .array();
    }

    private static byte[] frame(int command, int flags, byte[] payload) {
        return frame(7, command, 16 + payload.length, flags, payload);
    }

    private static byte[] version(String json) {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        return frame(
                Command.VERSION,
                0,
                payload(5 + text.length).putInt(1 << 16).put(text).array());
    }

    private static void messages(PciAssault assault) {
        for (int size : new int[] {0, 15, 17, Integer.MAX_VALUE, -1}) {
            assault.bytes(
                    "size " + Integer.toUnsignedString(size),
                    true,
                    frame(1, Command.DEVICE_RESET, size, 0, new byte[0]));
        }
        for (String json : new String[] {
            "{", "[]", "{\"capabilities\":7}", "[".repeat(3000), "{\"capabilities\":{\"max_msg_fds\":-1}}"
        }) {
            assault.bytes("bad JSON", false, version(json));
        }
        assault.bytes("no version", false, frame(Command.DEVICE_GET_INFO, 0, new byte[16]));
        assault.bytes("reply to nothing", true, frame(Command.DMA_READ, VfioLayout.TYPE_REPLY, new byte[16]));
        assault.bytes("half a message", true, Arrays.copyOf(frame(Command.REGION_READ, 0, new byte[16]), 20));
        byte[] quiet = frame(Command.REGION_READ, VfioLayout.NO_REPLY, access(7, 0, 4));
        assault.bytes("read without a reply", true, quiet);
        VfioClient twice = assault.connect().client();
        twice.raw(frame(Command.DEVICE_GET_INFO, VfioLayout.NO_REPLY, new byte[16]));
        assault.order(
                twice,
                "an id used twice",
                Command.DEVICE_GET_INFO,
                payload(16).putInt(16).array());
    }

    private static byte[] map(long address, long size, long offset, int flags) {
        return payload(VfioLayout.MAP_BYTES)
                .putInt(VfioLayout.MAP_BYTES)
                .putInt(flags)
                .putLong(offset)
                .putLong(address)
                .putLong(size)
                .array();
    }

    private static byte[] unmap(long address, long size) {
        return payload(VfioLayout.UNMAP_BYTES)
                .putInt(VfioLayout.UNMAP_BYTES)
                .putInt(0)
                .putLong(address)
                .putLong(size)
                .array();
    }

    private static void regions(PciAssault assault) {
        PciRig rig = assault.connect().share();
        for (byte[] bad : new byte[][] {
            map(GUEST, BYTES, 0, 3),
            map(GUEST - PAGE, 2 * PAGE, 0, 3),
            map(0, 0, 0, 3),
            map(-PAGE, 2 * PAGE, 0, 3),
            map(1, PAGE, 0, 3),
            map(0, PAGE, -1, 3),
            map(0, PAGE, Long.MAX_VALUE, 3),
            map(0, BYTES + PAGE, 0, 3),
            map(0, PAGE, 0, 0)
        }) {
            assault.order(rig.client(), "region", Command.DMA_MAP, bad, rig.file());
        }
        assault.order(rig.client(), "region of 2^45 bytes", Command.DMA_MAP, map(1L << 45, 1L << 45, 0, 3));
        for (int i = 0; i < MANY_REGIONS; i++) {
            byte[] one = map(2 * GUEST + (long) i * PAGE, PAGE, 0, 3);
            assault.order(rig.client(), "one of " + MANY_REGIONS, Command.DMA_MAP, one, rig.file());
        }
        for (byte[] none : new byte[][] {unmap(0, 0), unmap(GUEST, PAGE), unmap(GUEST, 2 * BYTES)}) {
            assault.order(rig.client(), "unmap", Command.DMA_UNMAP, none);
        }
        PciExchange victim = assault.victim();
        PciRig at = victim.rig();
        assault.order(at.client(), "read-only region", Command.DMA_MAP, map(0, PAGE, 0, 1), at.file());
        victim.giveAt(0, PAGE, true);
        assault.watch(victim);
        PciExchange running = assault.victim();
        for (int i = 0; i < ROUNDS; i++) {
            running.give();
            running.rig().unshare();
            running.rig().share();
        }
    }

    private static byte[] access(int region, long offset, int count, byte... data) {
        return payload(16 + data.length)
                .putLong(offset)
                .putInt(region)
                .putInt(count)
                .put(data)
                .array();
    }

    private static void registers(PciAssault assault) {
        PciRig rig = assault.connect();
        long bytes = rig.client().regionBytes(0);
        for (int region : new int[] {0, 1, 7, 8, 9, -1}) {
            for (long offset : new long[] {bytes, bytes - 1, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
                for (int count : new int[] {0, 2, 4, -1, 1 << 21}) {
                    assault.order(rig.client(), "read outside", Command.REGION_READ, access(region, offset, count));
                }
            }
            assault.order(
                    rig.client(), "write outside", Command.REGION_WRITE, access(region, bytes - 1, 4, new byte[4]));
            assault.order(rig.client(), "write cut off", Command.REGION_WRITE, access(region, 0, 8, new byte[4]));
        }
        byte[] many = payload(8 + 24)
                .putLong(-1)
                .put(access(0, bytes, 8, new byte[8]))
                .array();
        assault.order(rig.client(), "many writes", Command.REGION_WRITE_MULTI, many);
        for (long at = 0; at < 0x40; at++) {
            for (int count : new int[] {1, 2, 3, 4, 8}) {
                rig.client().write(0, at, new byte[count]);
            }
        }
        window(assault);
    }

    /** {@code [virtio-1.4 §4.1.4.9]} */
    private static void window(PciAssault assault) {
        PciRig rig = assault.connect();
        List<Structure> all = rig.registers().structures(StructureCapabilities.WINDOW);
        if (all.isEmpty()) {
            return;
        }
        int at = all.getFirst().at();
        for (int bar : new int[] {0, 5, 6, 0xff}) {
            for (long offset : new long[] {0, 1, 0xfff, 0xffff_fffcL, 0xffff_ffffL}) {
                for (long length : new long[] {0, 1, 3, 4, 8, 0xffff_ffffL}) {
                    rig.config().set(at + StructureCapabilities.BAR, 1, bar);
                    rig.config().set(at + StructureCapabilities.STRUCTURE_OFFSET, 4, offset);
                    rig.config().set(at + StructureCapabilities.STRUCTURE_LENGTH, 4, length);
                    long _ = rig.config().get(at + StructureCapabilities.BYTES, 4);
                    rig.config().set(at + StructureCapabilities.BYTES, 4, 0);
                }
            }
        }
        assault.note("window to everywhere");
    }

    private static void interrupts(PciAssault assault) {
        PciRig rig = assault.connect();
        int vectors = rig.client().interrupts(VfioLayout.IRQ_MSIX);
        try (EventFd event = EventFd.create()) {
            int[][] sets = {
                {VfioLayout.IRQ_MSIX, vectors, 1},
                {VfioLayout.IRQ_MSIX, -1, 2},
                {VfioLayout.IRQ_MSIX, Integer.MAX_VALUE, Integer.MAX_VALUE},
                {VfioLayout.IRQ_MSIX, 0, -1},
                {VfioLayout.IRQ_PIN, 1, 1},
                {5, 0, 1},
                {-1, 0, 1}
            };
            for (int[] set : sets) {
                for (int flags = 0; flags < 128; flags += 3) {
                    byte[] payload = payload(VfioLayout.SET_DATA)
                            .putInt(VfioLayout.SET_DATA)
                            .putInt(flags)
                            .putInt(set[0])
                            .putInt(set[1])
                            .putInt(set[2])
                            .array();
                    assault.order(rig.client(), "interrupts", Command.DEVICE_SET_IRQS, payload, event.fd());
                }
            }
            event.fill();
            rig.client().events(VfioLayout.IRQ_MSIX, event.fd());
        }
        int queues = rig.queues();
        for (int select : new int[] {queues, 0x7fff, 0xffff}) {
            rig.registers().queue(select, CommonLayout.QUEUE_VECTOR, vectors);
            rig.registers().queue(select, CommonLayout.QUEUE_SIZE, 0x8000);
            rig.registers().queue(select, CommonLayout.QUEUE_ENABLE, 1);
            int _ = rig.registers().queue(select, CommonLayout.QUEUE_NOTIFY_OFF);
        }
        rig.registers().queue(0, CommonLayout.QUEUE_VECTOR, vectors);
        if (rig.registers().queue(0, CommonLayout.QUEUE_VECTOR) == CommonLayout.NO_VECTOR) {
            assault.refused("vector not mapped");
        }
        for (int select : new int[] {4, 1 << 16, Integer.MAX_VALUE, -1}) {
            int _ = rig.registers().offeredWord(select);
            rig.registers().accept(select, -1);
        }
    }

    private static void resets(PciAssault assault) {
        PciRig rig = assault.connect();
        int at = extended(rig, SINGLE_ROOT);
        if (at != 0) {
            long total = rig.config().get(at + TOTAL_VFS, 2);
            for (long wanted : new long[] {total + 1, 0xffff, total}) {
                rig.config().set(at + NUM_VFS, 2, wanted);
                rig.config().set(at + SR_CONTROL, 2, 1);
                rig.config().set(at + SR_CONTROL, 2, 1);
            }
            rig.config().set(at + SR_CONTROL, 2, 0);
            rig.config().set(at + NUM_VFS, 2, 0);
            assault.note("virtual functions beyond " + total);
        }
        for (int i = 0; i < ROUNDS; i++) {
            PciExchange running = assault.victim();
            running.give();
            switch (i % 3) {
                case 0 -> running.rig().client().reset();
                case 1 -> running.rig().status(0);
                default -> running.rig().registers().queue(running.index(), CommonLayout.QUEUE_RESET, 1);
            }
        }
    }

    private static int extended(PciRig rig, int id) {
        int at = 0x100;
        for (int i = 0; i < 64 && at >= 0x100 && rig.client().regionBytes(VfioLayout.REGION_CONFIG) > at; i++) {
            long header = rig.config().get(at, 4);
            if ((header & 0xffff) == id) {
                return at;
            }
            at = (int) (header >>> 20);
        }
        return 0;
    }

    private static void ownRegisters(PciAssault assault) {
        PciExchange victim = assault.victim();
        long at = 0xfe00_0000L;
        victim.rig().config().set(HeaderLayout.BARS, 4, at);
        for (long address : new long[] {at, at + 0x1000, at + 0x2000}) {
            victim.giveAt(address, 8, true);
        }
        assault.watch(victim);
    }

    private static void migration(PciAssault assault) {
        VfioClient client = assault.connect().client();
        byte[] probe = payload(8)
                .putInt(8)
                .putInt(MIG_FEATURE | VfioLayout.FEATURE_GET | VfioLayout.FEATURE_PROBE)
                .array();
        assault.need(client.attempt(Command.DEVICE_FEATURE, probe) == 0, "migration is not offered");
        for (int state : new int[] {4, 3, 0, 99, -1, 6, 3, 2}) {
            byte[] set = payload(16)
                    .putInt(16)
                    .putInt(MIG_STATE | VfioLayout.FEATURE_SET)
                    .putInt(state)
                    .putInt(-1)
                    .array();
            assault.order(client, "state", Command.DEVICE_FEATURE, set);
            for (int bytes : new int[] {0, 1, 8, 100}) {
                byte[] data = payload(8 + bytes).putInt(8).putInt(bytes + 1).array();
                assault.order(client, "data", MIG_DATA_WRITE, data);
                assault.order(
                        client,
                        "data",
                        MIG_DATA_READ,
                        payload(8).putInt(-1).putInt(-1).array());
            }
        }
        client.reset();
    }

    private static void silence(PciAssault assault) {
        PciRig rig = assault.connect();
        rig.keep();
        PciExchange victim = PciExchange.start(rig, assault.kind(), CommonLayout.NO_VECTOR);
        victim.give();
        // whoever asks now waits, and everybody else must not
        Pause.of(assault.peer().quiet());
        try {
            boolean broken = (rig.status() & DeviceStatus.NEEDS_RESET) != 0;
            assault.note(broken ? "device needs a reset" : "session goes on");
            rig.unshare();
            rig.client().reset();
        } catch (LinkException e) {
            assault.ended("silence", e);
        }
    }

    private static void descriptors(PciAssault assault) {
        for (int count : new int[] {1, MANY, MANY + 1}) {
            for (int command = 0; command < LAST_COMMAND; command++) {
                PciRig rig = assault.connect();
                Fd[] many = new Fd[count];
                Arrays.fill(many, rig.file());
                assault.order(rig.client(), count + " descriptors", command, new byte[64], many);
            }
        }
    }
}
