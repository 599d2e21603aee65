package dev.cipu.shim.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Which CPUs threads may run on. */
public final class Affinity {
    private static final int MAX_CPUS = 8192;
    private static final long MASK_BYTES = MAX_CPUS / 8;
    private static final long CALLING_THREAD = 0;

    private Affinity() {}

    /** Binds the calling platform thread to one CPU. Throws EINVAL when that CPU does not exist or is not allowed. */
    public static void pin(int cpu) {
        pin(List.of(cpu));
    }

    /** Lets the calling platform thread run on these CPUs alone. */
    public static void pin(List<Integer> cpus) {
        pin(CALLING_THREAD, cpus);
    }

    /**
     * Lets a thread of any process run on these CPUs alone.
     *
     * @param tid as the kernel numbers it
     */
    public static void pin(long tid, List<Integer> cpus) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, 8);
            for (int cpu : cpus) {
                if (cpu < 0 || cpu >= MAX_CPUS) {
                    throw new IllegalArgumentException("CPU " + cpu);
                }
                int at = cpu >> 6;
                mask.setAtIndex(
                        ValueLayout.JAVA_LONG, at, mask.getAtIndex(ValueLayout.JAVA_LONG, at) | 1L << (cpu & 63));
            }
            Posix.check(
                    "sched_setaffinity",
                    Posix.C.sched_setaffinity(Math.toIntExact(tid), MASK_BYTES, Posix.address(mask)));
        }
    }

    /** The CPUs that the calling thread may use now, ascending. */
    public static List<Integer> allowed() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, 8);
            Posix.check(
                    "sched_getaffinity",
                    Posix.C.sched_getaffinity((int) CALLING_THREAD, MASK_BYTES, Posix.address(mask)));
            List<Integer> cpus = new ArrayList<>();
            for (int cpu = 0; cpu < MAX_CPUS; cpu++) {
                if ((mask.getAtIndex(ValueLayout.JAVA_LONG, cpu >> 6) >>> (cpu & 63) & 1) != 0) {
                    cpus.add(cpu);
                }
            }
            return List.copyOf(cpus);
        }
    }
}
