package dev.cipu.shim.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Counts something that happens to one thread, where the processor and the kernel let us: virtual machines seldom have the
 * processor's counters. Any thread may read it.
 */
public final class PerfCounter implements AutoCloseable {
    /** struct perf_event_attr as of Linux 4.1, and where its fields lie. */
    private static final int ATTRIBUTE_BYTES = 112;

    private static final long TYPE = 0;
    private static final long SIZE = 4;
    private static final long CONFIG = 8;
    private static final long FLAGS = 40;
    private static final long EXCLUDE_HYPERVISOR = 1 << 6;

    private static final long PERF_EVENT_OPEN = "aarch64".equals(System.getProperty("os.arch")) ? 241 : 298;
    private static final long ANY_CPU = -1;
    private static final long NO_GROUP = -1;
    private static final long CLOSE_ON_EXEC = 1 << 3;

    /** Through FFM like mmap: jnr-ffi loses the last of six arguments. */
    private static final MethodHandle SYSCALL = bind();

    private final Fd fd;

    /** What can be counted. */
    public enum Event {
        /** Accesses that the last cache did not answer: lines that came from memory or from another core. */
        CACHE_MISSES(0, 3),
        /** How often the thread left its processor; the kernel counts that everywhere. */
        CONTEXT_SWITCHES(1, 3);

        private final int type;
        private final long config;

        Event(int type, long config) {
            this.type = type;
            this.config = config;
        }
    }

    private PerfCounter(Fd fd) {
        this.fd = fd;
    }

    /**
     * Begins to count.
     *
     * @param tid the thread as the kernel numbers it, 0 for the calling one
     * @return null if it cannot be counted here
     */
    public static @Nullable PerfCounter open(Event event, long tid) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
            attributes.set(ValueLayout.JAVA_INT, TYPE, event.type);
            attributes.set(ValueLayout.JAVA_INT, SIZE, ATTRIBUTE_BYTES);
            attributes.set(ValueLayout.JAVA_LONG, CONFIG, event.config);
            attributes.set(ValueLayout.JAVA_LONG, FLAGS, EXCLUDE_HYPERVISOR);
            long fd = syscall(Posix.address(attributes), tid);
            return fd < 0 ? null : new PerfCounter(new Fd((int) fd));
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle bind() {
        Linker linker = Linker.nativeLinker();
        ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow("syscall"),
                FunctionDescriptor.of(word, word, word, word, word, word, word),
                Linker.Option.firstVariadicArg(1));
    }

    private static long syscall(long attributes, long tid) {
        try {
            return (long) SYSCALL.invokeExact(PERF_EVENT_OPEN, attributes, tid, ANY_CPU, NO_GROUP, CLOSE_ON_EXEC);
        } catch (Throwable impossible) {
            throw new IllegalStateException("syscall(2) raised", impossible);
        }
    }

    /** The count so far. */
    public long read() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
            long bytes = Posix.C.read(fd.number(), Posix.address(value), Long.BYTES);
            if (bytes != Long.BYTES) {
                throw Posix.failure("read(perf event)");
            }
            return value.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
