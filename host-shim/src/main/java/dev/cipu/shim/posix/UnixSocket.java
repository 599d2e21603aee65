package dev.cipu.shim.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import jnr.constants.platform.Errno;
import org.jspecify.annotations.Nullable;

/**
 * One end of a stream connection that carries bytes and descriptors. One thread reads, one writes; {@link #shutdown} may
 * come from any thread and ends both, {@link #close} only from the owner.
 */
public final class UnixSocket implements AutoCloseable {
    static final int AF_UNIX = 1;
    static final int STREAM_CLOEXEC = 0x80001;
    private static final int SHUT_READ = 0;
    private static final int SHUT_WRITE = 1;
    private static final int SHUT_BOTH = 2;
    static final int SOL_SOCKET = 1;
    private static final int SO_SNDTIMEO = 21;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_DONTWAIT = 0x40;

    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(1);

    private final Fd fd;
    private final AncillaryMessage message = new AncillaryMessage();

    public UnixSocket(Fd fd) {
        this.fd = fd;
    }

    /**
     * Connects to a listening socket. One whose backlog is full gets a second to take somebody in; then it is EAGAIN.
     */
    public static UnixSocket connect(Path path) {
        UnixSocket socket = new UnixSocket(stream());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = SocketAddress.of(path, arena);
            socket.sendTimeout(CONNECT_PATIENCE);
            int result;
            do {
                result = Posix.C.connect(
                        socket.fd.number(), Posix.address(address), Math.toIntExact(address.byteSize()));
                // a call with a time-out is not restarted after a signal
            } while (result < 0 && Posix.errno() == Errno.EINTR);
            Posix.check("connect " + path, result);
            socket.sendTimeout(Duration.ZERO);
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** Two connected ends. */
    public static Pair pair() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment two = arena.allocate(ValueLayout.JAVA_INT, 2);
            Posix.check("socketpair", Posix.C.socketpair(AF_UNIX, STREAM_CLOEXEC, 0, Posix.address(two)));
            return new Pair(
                    new UnixSocket(new Fd(two.getAtIndex(ValueLayout.JAVA_INT, 0))),
                    new UnixSocket(new Fd(two.getAtIndex(ValueLayout.JAVA_INT, 1))));
        }
    }

    /** The ends of a socket pair. */
    public record Pair(UnixSocket left, UnixSocket right) implements AutoCloseable {
        @Override
        public void close() {
            left.close();
            right.close();
        }
    }

    static Fd stream() {
        return new Fd(Posix.check("socket", Posix.C.socket(AF_UNIX, STREAM_CLOEXEC, 0)));
    }

    public Fd fd() {
        return fd;
    }

    /** Bounds how long {@link #send} waits for a peer that does not read; 0 waits for ever. */
    public void sendTimeout(Duration timeout) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment timeval = arena.allocate(ValueLayout.JAVA_LONG, 2);
            timeval.setAtIndex(ValueLayout.JAVA_LONG, 0, timeout.toSeconds());
            timeval.setAtIndex(ValueLayout.JAVA_LONG, 1, timeout.toNanosPart() / 1000L);
            Posix.check(
                    "setsockopt(SO_SNDTIMEO)",
                    Posix.C.setsockopt(fd.number(), SOL_SOCKET, SO_SNDTIMEO, Posix.address(timeval), 16));
        }
    }

    /**
     * Sends all bytes of a native segment; the descriptors travel with the first one and stay the caller's. Throws {@link
     * PosixException} with EPIPE or ECONNRESET when the peer is gone, EAGAIN after the send time-out.
     */
    public void send(MemorySegment bytes, Fd... descriptors) {
        long sent = 0;
        Fd[] pending = descriptors;
        while (sent < bytes.byteSize()) {
            long n = message.send(fd.number(), bytes.asSlice(sent), pending, MSG_NOSIGNAL);
            if (n >= 0) {
                sent += n;
                pending = NONE;
            } else if (Posix.errno() != Errno.EINTR) {
                throw Posix.failure("sendmsg");
            }
        }
    }

    private static final Fd[] NONE = {};

    /**
     * Receives what is there, at least one byte, into a native segment; descriptors that came along are added to {@code
     * into}, close-on-exec. Waits at most {@code timeout} (null: for ever). Returns the bytes, 0 at the end of the
     * stream, {@link #TIMED_OUT} when nothing came. When the kernel had to drop descriptors (MSG_CTRUNC, for instance
     * because this process has no free number left) it throws EMFILE; those that did arrive are in {@code into}.
     */
    public int receive(MemorySegment bytes, FdBundle into, @Nullable Duration timeout) {
        long deadline = timeout == null ? Long.MAX_VALUE : System.nanoTime() + timeout.toNanos();
        while (true) {
            long n = message.receive(fd.number(), bytes, into, MSG_DONTWAIT);
            if (n >= 0) {
                return Math.toIntExact(n);
            }
            Errno errno = Posix.errno();
            if (errno == Errno.EAGAIN || errno == Errno.EWOULDBLOCK) {
                long left = timeout == null ? Long.MAX_VALUE : deadline - System.nanoTime();
                if (left <= 0) {
                    return TIMED_OUT;
                }
                Readiness.await(left, fd);
            } else if (errno != Errno.EINTR) {
                throw new PosixException("recvmsg", errno);
            }
        }
    }

    public static final int TIMED_OUT = -1;

    /** Fills the whole segment; false when the stream ended, the time ran out or the bundle overflowed before. */
    public boolean receiveFully(MemorySegment bytes, FdBundle into, @Nullable Duration timeout) {
        long deadline = timeout == null ? 0 : System.nanoTime() + timeout.toNanos();
        long filled = 0;
        while (filled < bytes.byteSize()) {
            Duration left = timeout == null ? null : Duration.ofNanos(Long.max(0, deadline - System.nanoTime()));
            int n = receive(bytes.asSlice(filled), into, left);
            if (n <= 0 || into.isOverfull()) {
                return false;
            }
            filled += n;
        }
        return true;
    }

    /** Nothing more will be sent: the peer reads the end of the stream, and may still answer. */
    public void endOutput() {
        Posix.check("shutdown", Posix.C.shutdown(fd.number(), SHUT_WRITE));
    }

    /** A reader sees the end of the stream after what has come already. Any thread; errors do not matter any more. */
    public void endInput() {
        Posix.C.shutdown(fd.number(), SHUT_READ);
    }

    /** Ends the connection in both directions; a reader sees the end of the stream. Errors do not matter any more. */
    public void shutdown() {
        if (fd.isOpen()) {
            Posix.C.shutdown(fd.number(), SHUT_BOTH);
        }
    }

    @Override
    public void close() {
        fd.close();
        message.close();
    }
}
