package dev.cipu.virtio.memory;

import java.lang.foreign.ValueLayout;
import jdk.internal.vm.vector.VectorSupport;
import jdk.internal.vm.vector.VectorSupport.VectorMask;
import jdk.internal.vm.vector.VectorSupport.VectorSpecies;

/**
 * Four words of 8 bytes in one register: what the JVM's compiler makes of these methods, which are the same intrinsics that the Vector
 * API stands on. That API itself cannot be used: where a guest has taken its memory away, a load or store of it ends the JVM, not
 * the access. docs/adr/0027 has the reasons.
 *
 * <p>To be used in methods that the compiler has compiled many times over: elsewhere each of these is an object.
 */
final class Words extends VectorSupport.Vector<Long> {
    /** Bytes of a vector. */
    static final int BYTES = 32;

    /** No address is above it. */
    private static final long ADDRESSES = Long.MAX_VALUE >> 1;

    private static final int SECOND = 8;
    private static final int THIRD = 16;
    private static final int FOURTH = 24;

    /** Words of a vector; the JVM reads this field, and the next one. */
    static final int VLENGTH = 4;

    static final Class<Long> ETYPE = long.class;

    /** The intrinsics ask for one; what they do without the compiler needs none. */
    private static final Species SPECIES = new Species();

    private static final class Species extends VectorSpecies<Long> {}

    private Words(long first, long second, long third, long fourth) {
        super(new long[] {first, second, third, fourth});
    }

    private long[] words() {
        return (long[]) getPayload();
    }

    /** Whether the compiler knows vectors of this size here. */
    static boolean areRegisters() {
        return VectorSupport.getMaxLaneCount(long.class) >= VLENGTH;
    }

    static Words zero() {
        return VectorSupport.fromBitsCoerced(
                Words.class,
                long.class,
                VLENGTH,
                0,
                VectorSupport.MODE_BROADCAST,
                SPECIES,
                (bits, species) -> new Words(bits, bits, bits, bits));
    }

    /** The 32 bytes from an address on. */
    static Words load(long from) {
        markUnsafe(from);
        return VectorSupport.load(
                Words.class,
                long.class,
                VLENGTH,
                null,
                from,
                true,
                HostMemory.ALL,
                from,
                SPECIES,
                (all, at, species) -> new Words(
                        all.get(Le.LONG_UNALIGNED, at),
                        all.get(Le.LONG_UNALIGNED, at + SECOND),
                        all.get(Le.LONG_UNALIGNED, at + THIRD),
                        all.get(Le.LONG_UNALIGNED, at + FOURTH)));
    }

    /** Writes 32 bytes. */
    void store(long to) {
        markUnsafe(to);
        VectorSupport.store(
                Words.class, long.class, VLENGTH, null, to, true, this, HostMemory.ALL, to, (all, at, vector) -> {
                    long[] words = vector.words();
                    for (int i = 0; i < VLENGTH; i++) {
                        all.set(Le.LONG_UNALIGNED, at + (long) i * Long.BYTES, words[i]);
                    }
                });
    }

    Words plus(Words other) {
        return VectorSupport.<Words, VectorMask<Long>, Long>binaryOp(
                VectorSupport.VECTOR_OP_ADD,
                Words.class,
                null,
                long.class,
                VLENGTH,
                this,
                other,
                null,
                (a, b, mask) -> {
                    long[] x = a.words();
                    long[] y = b.words();
                    return new Words(x[0] + y[0], x[1] + y[1], x[2] + y[2], x[3] + y[3]);
                });
    }

    Words minus(Words other) {
        return VectorSupport.<Words, VectorMask<Long>, Long>binaryOp(
                VectorSupport.VECTOR_OP_SUB,
                Words.class,
                null,
                long.class,
                VLENGTH,
                this,
                other,
                null,
                (a, b, mask) -> {
                    long[] x = a.words();
                    long[] y = b.words();
                    return new Words(x[0] - y[0], x[1] - y[1], x[2] - y[2], x[3] - y[3]);
                });
    }

    /** What of these words is set in both. */
    Words and(Words other) {
        return VectorSupport.<Words, VectorMask<Long>, Long>binaryOp(
                VectorSupport.VECTOR_OP_AND,
                Words.class,
                null,
                long.class,
                VLENGTH,
                this,
                other,
                null,
                (a, b, mask) -> {
                    long[] x = a.words();
                    long[] y = b.words();
                    return new Words(x[0] & y[0], x[1] & y[1], x[2] & y[2], x[3] & y[3]);
                });
    }

    /** The upper half of each word. */
    Words upperHalves() {
        return VectorSupport.<Words, VectorMask<Long>, Long>broadcastInt(
                VectorSupport.VECTOR_OP_URSHIFT,
                Words.class,
                null,
                long.class,
                VLENGTH,
                this,
                Integer.SIZE,
                null,
                (a, bits, mask) -> {
                    long[] x = a.words();
                    return new Words(x[0] >>> bits, x[1] >>> bits, x[2] >>> bits, x[3] >>> bits);
                });
    }

    /** The lower half of each word as its upper one, above zeroes. */
    Words shiftedUp() {
        return VectorSupport.<Words, VectorMask<Long>, Long>broadcastInt(
                VectorSupport.VECTOR_OP_LSHIFT,
                Words.class,
                null,
                long.class,
                VLENGTH,
                this,
                Integer.SIZE,
                null,
                (a, bits, mask) -> {
                    long[] x = a.words();
                    return new Words(x[0] << bits, x[1] << bits, x[2] << bits, x[3] << bits);
                });
    }

    /** The sum of the four words. */
    long total() {
        return VectorSupport.<Words, VectorMask<Long>, Long>reductionCoerced(
                VectorSupport.VECTOR_OP_ADD, Words.class, null, long.class, VLENGTH, this, null, (a, mask) -> {
                    long[] x = a.words();
                    return x[0] + x[1] + x[2] + x[3];
                });
    }

    /**
     * A load that the compiler drops as nobody uses it, after it has marked the code around it as one whose accesses may fault: an
     * {@link InternalError} then, and not the end of the process. It does not so for vectors of its own accord. The mask changes no
     * address, and tells the compiler that there is no bound to check.
     */
    private static void markUnsafe(long at) {
        HostMemory.ALL.get(ValueLayout.JAVA_BYTE, at & ADDRESSES);
    }
}
