package dev.cipu.shim.posix;

import dev.cipu.dataplane.Bell;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jnr.constants.platform.Errno;

/**
 * Where one worker sleeps until a kick or a message for it. {@link #await} belongs to the worker, {@link #ring}, {@link
 * #add} and {@link #remove} to any thread; nothing is allocated per wait.
 *
 * <p>Descriptors are watched edge-triggered: every write to an eventfd is an edge, even when nobody has read the one
 * before, so no kick is lost and none needs a read(2) to be forgotten.
 *
 * <p>A descriptor must be removed before it is closed: while the peer holds the same open file, the kernel would keep
 * watching it.
 */
public final class EpollBell implements Bell, AutoCloseable {
    static final int EPOLL_CLOEXEC = 0x80000;
    private static final int ADD = 1;
    private static final int REMOVE = 2;
    private static final int IN_EDGE = 0x80000001;
    private static final int ROOM = 64;
    /** struct epoll_event is packed on x86-64 only. */
    static final long EVENT_BYTES = "aarch64".equals(System.getProperty("os.arch")) ? 16 : 12;

    private final Fd epoll;
    private final EventFd own;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment events = arena.allocate(EVENT_BYTES * ROOM, 8);

    public EpollBell() {
        epoll = new Fd(Posix.check("epoll_create1", Posix.C.epoll_create1(EPOLL_CLOEXEC)));
        own = EventFd.create();
        add(own.fd());
    }

    /**
     * Watches a kick descriptor. False when the kernel cannot watch it (a regular file): its queue must be polled. An
     * event that is pending already wakes the next {@link #await}.
     */
    public boolean add(Fd fd) {
        return add(fd.number());
    }

    /** As {@link #add(Fd)}, for a descriptor owned elsewhere. */
    public boolean add(int fd) {
        int result = control(ADD, fd);
        if (result < 0 && Posix.errno() != Errno.EPERM && Posix.errno() != Errno.EEXIST) {
            throw Posix.failure("epoll_ctl(ADD)");
        }
        return result == 0;
    }

    /** From now on this bell wakes whenever {@code other} would; {@code other} is closed later than this one. */
    public void add(EpollBell other) {
        add(other.epoll);
    }

    /** Stops watching; a descriptor that is not watched is ignored. */
    public void remove(int fd) {
        control(REMOVE, fd);
    }

    private int control(int operation, int fd) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment event = scratch.allocate(16, 8);
            event.set(ValueLayout.JAVA_INT, 0, IN_EDGE);
            event.set(ValueLayout.JAVA_INT, 4, fd);
            return Posix.C.epoll_ctl(epoll.number(), operation, fd, Posix.address(event));
        }
    }

    /** Sleeps until something happened or {@code maxNanos} passed, rounded up to milliseconds; may wake early. */
    @Override
    public void await(long maxNanos) {
        int n = Posix.C.epoll_wait(epoll.number(), events.address(), ROOM, Readiness.milliseconds(maxNanos));
        if (n < 0 && Posix.errno() != Errno.EINTR) {
            throw Posix.failure("epoll_wait");
        }
    }

    @Override
    public void ring() {
        own.signal();
    }

    /** Only after the worker has ended. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            own.close();
            epoll.close();
            arena.close();
        }
    }
}
