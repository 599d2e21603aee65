package dev.cipu.shim.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntConsumer;
import jnr.constants.platform.Errno;

/**
 * epoll(7) for a control-plane thread that waits for many descriptors. Each is told once, and not again before it is watched
 * anew. One thread awaits; any thread watches and forgets. A descriptor must be forgotten before it is closed.
 */
public final class ReadySet implements AutoCloseable {
    private static final int ADD = 1;
    private static final int REMOVE = 2;
    private static final int MODIFY = 3;

    /** EPOLLIN, for one time. */
    private static final int IN_ONCE = 1 | 1 << 30;

    private static final int ROOM = 64;

    private final Fd epoll = new Fd(Posix.check("epoll_create1", Posix.C.epoll_create1(EpollBell.EPOLL_CLOEXEC)));
    private final Arena arena = Arena.ofShared();
    private final MemorySegment events = arena.allocate(EpollBell.EVENT_BYTES * ROOM, 8);

    /** The next time that it is readable, hung up or in error, which may be now, it is told. */
    public void watch(Fd fd) {
        int result = control(MODIFY, fd.number());
        if (result < 0 && Posix.errno() == Errno.ENOENT) {
            result = control(ADD, fd.number());
        }
        Posix.check("epoll_ctl", result);
    }

    /** It is not told any more, unless {@link #await} has it already. */
    public void forget(Fd fd) {
        control(REMOVE, fd.number());
    }

    private int control(int operation, int fd) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment event = scratch.allocate(16, 8);
            event.set(ValueLayout.JAVA_INT, 0, IN_ONCE);
            event.set(ValueLayout.JAVA_INT, 4, fd);
            return Posix.C.epoll_ctl(epoll.number(), operation, fd, Posix.address(event));
        }
    }

    /** Waits until some are, and tells the number of each. */
    public void await(long maxNanos, IntConsumer told) {
        int n = Posix.C.epoll_wait(epoll.number(), events.address(), ROOM, Readiness.milliseconds(maxNanos));
        if (n < 0 && Posix.errno() != Errno.EINTR) {
            throw Posix.failure("epoll_wait");
        }
        for (int i = 0; i < n; i++) {
            told.accept(events.get(ValueLayout.JAVA_INT_UNALIGNED, i * EpollBell.EVENT_BYTES + 4));
        }
    }

    @Override
    public void close() {
        epoll.close();
        arena.close();
    }
}
