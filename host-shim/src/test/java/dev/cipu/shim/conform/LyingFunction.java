package dev.cipu.shim.conform;

import dev.cipu.device.pci.CapabilityChain;
import dev.cipu.device.pci.Doorbell;
import dev.cipu.device.pci.HeaderLayout;
import dev.cipu.device.pci.InterruptKind;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.PciHost;
import dev.cipu.device.pci.Region;
import dev.cipu.device.pci.RegionId;
import dev.cipu.device.virtio.StructureCapabilities;
import java.util.List;
import java.util.function.UnaryOperator;

/** A sound function, of which a test changes what is read and what is written. */
class LyingFunction implements PciFunction {
    /** Where the card has all its structures but doorbells. */
    static final RegionId BAR = RegionId.BAR0;

    private final PciFunction sound;

    LyingFunction(PciFunction sound) {
        this.sound = sound;
    }

    /** What a register reads as, given what it should: all of it, in a region. */
    @FunctionalInterface
    interface Lie {
        long tell(long truth);
    }

    /** A function of which one register reads otherwise. */
    static UnaryOperator<PciFunction> reading(RegionId region, int at, int bytes, Lie lie) {
        return sound -> new LyingFunction(sound) {
            @Override
            public void read(RegionId from, long offset, byte[] dst) {
                super.read(from, offset, dst);
                if (from == region && offset < at + bytes && offset + dst.length > at) {
                    byte[] all = new byte[bytes];
                    // a part of it is read, or it is a part of what is read
                    for (int i = 0; i < bytes; i++) {
                        int inside = at + i - (int) offset;
                        all[i] = inside >= 0 && inside < dst.length ? dst[inside] : byteAt(region, at + i);
                    }
                    long told = lie.tell(number(all));
                    for (int i = 0; i < bytes; i++) {
                        int inside = at + i - (int) offset;
                        if (inside >= 0 && inside < dst.length) {
                            dst[inside] = (byte) (told >>> (8 * i));
                        }
                    }
                }
            }
        };
    }

    /** A function that takes other values than those that are written to one register; a negative one is not taken at all. */
    static UnaryOperator<PciFunction> writing(RegionId region, int at, Lie lie) {
        return sound -> new LyingFunction(sound) {
            @Override
            public void write(RegionId to, long offset, byte[] src) {
                if (to != region || offset != at) {
                    super.write(to, offset, src);
                    return;
                }
                long value = lie.tell(number(src));
                if (value >= 0) {
                    byte[] other = new byte[src.length];
                    for (int i = 0; i < other.length; i++) {
                        other[i] = (byte) (value >>> (8 * i));
                    }
                    super.write(to, offset, other);
                }
            }
        };
    }

    /** A byte of a capability of virtio that reads otherwise. */
    static UnaryOperator<PciFunction> capability(int type, int field, Lie lie) {
        return sound ->
                reading(RegionId.CONFIG, find(sound, type) + field, 1, lie).apply(sound);
    }

    /** Where the capability of a type begins. */
    static int find(PciFunction function, int type) {
        int at = byteOf(function, HeaderLayout.CAPABILITIES);
        while (at != 0) {
            if (byteOf(function, at) == CapabilityChain.VENDOR_SPECIFIC
                    && byteOf(function, at + StructureCapabilities.TYPE) == type) {
                return at;
            }
            at = byteOf(function, at + 1);
        }
        throw new AssertionError("no capability of type " + type);
    }

    private static int byteOf(PciFunction function, int at) {
        byte[] one = new byte[1];
        function.read(RegionId.CONFIG, at, one);
        return Byte.toUnsignedInt(one[0]);
    }

    static long number(byte[] bytes) {
        long value = 0;
        for (int i = 0; i < bytes.length && i < Long.BYTES; i++) {
            value |= (bytes[i] & 0xffL) << (8 * i);
        }
        return value;
    }

    final byte byteAt(RegionId region, long offset) {
        byte[] one = new byte[1];
        sound.read(region, offset, one);
        return one[0];
    }

    @Override
    public Region region(RegionId id) {
        return sound.region(id);
    }

    @Override
    public void read(RegionId region, long offset, byte[] dst) {
        sound.read(region, offset, dst);
    }

    @Override
    public void write(RegionId region, long offset, byte[] src) {
        sound.write(region, offset, src);
    }

    @Override
    public int interrupts(InterruptKind kind) {
        return sound.interrupts(kind);
    }

    @Override
    public void connect(PciHost host) {
        sound.connect(host);
    }

    @Override
    public void mask(InterruptKind kind, int vector, boolean masked) {
        sound.mask(kind, vector, masked);
    }

    @Override
    public List<Doorbell> doorbells(RegionId region) {
        return sound.doorbells(region);
    }

    @Override
    public void reset() {
        sound.reset();
    }
}
