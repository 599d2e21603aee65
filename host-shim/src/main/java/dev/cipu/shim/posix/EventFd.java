package dev.cipu.shim.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A kernel event counter: kick, call, error, or a thread's bell. {@link #signal} is the only hot call of this package; it
 * allocates nothing and never waits, because the descriptor is non-blocking and a full counter is already a signal. Any
 * thread may signal; the owner closes when none does.
 */
public final class EventFd implements AutoCloseable {
    private static final int CLOEXEC = 0x80000;

    /** The counter is unsigned, and all ones is not one of its values. */
    private static final long MOST = -2;

    private static final int CLOEXEC_NONBLOCK = 0x80800;
    private static final MemorySegment ONE =
            Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L).asReadOnly();
    private static final MethodHandle WRITE = bindWrite();

    private final Fd fd;

    private EventFd(Fd fd) {
        this.fd = fd;
    }

    public static EventFd create() {
        return new EventFd(new Fd(Posix.check("eventfd", Posix.C.eventfd(0, CLOEXEC_NONBLOCK))));
    }

    /**
     * Takes over a descriptor that a peer sent. It becomes non-blocking for the peer too: a peer that fills its counter
     * must not stop the thread that signals. Throws, and closes it, when it is no eventfd.
     */
    public static EventFd adopt(Fd fd) {
        if (!fd.isEventFd()) {
            fd.close();
            throw new IllegalArgumentException("not an eventfd");
        }
        fd.makeNonBlocking();
        return new EventFd(fd);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle bindWrite() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow("write"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    }

    /**
     * From now on this object's descriptor number means {@code other}'s event, in one step: a thread that signals
     * meanwhile reaches either the old event or the new one. Consumes {@code other}.
     */
    public void become(EventFd other) {
        try (other) {
            Posix.check("dup3", Posix.C.dup3(other.fd.number(), fd.number(), CLOEXEC));
        }
    }

    public Fd fd() {
        return fd;
    }

    /** Adds one to the counter and wakes who waits for it. */
    public void signal() {
        long written;
        try {
            written = (long) WRITE.invokeExact(fd.number(), ONE, (long) Long.BYTES);
        } catch (Throwable impossible) {
            throw new IllegalStateException("write(2) raised", impossible);
        }
        // -1 is EAGAIN: the counter is at its maximum and the peer has been signalled long ago.
        assert written == Long.BYTES || written == -1;
    }

    /** Raises the counter as far as it goes: whoever signals next finds it full. For those who test who waits then. */
    public void fill() {
        drain();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment most = arena.allocateFrom(ValueLayout.JAVA_LONG, MOST);
            Posix.C.write(fd.number(), Posix.address(most), Long.BYTES);
        }
    }

    /** Takes the counter's value and sets it to 0; 0 when nobody signalled. */
    public long drain() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment counter = arena.allocate(ValueLayout.JAVA_LONG);
            long got = Posix.C.read(fd.number(), Posix.address(counter), Long.BYTES);
            return got == Long.BYTES ? counter.get(ValueLayout.JAVA_LONG, 0) : 0;
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
