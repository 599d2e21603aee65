package dev.cipu.shim.posix;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import jnr.constants.platform.Errno;
import org.jspecify.annotations.Nullable;

/**
 * A listening socket, bound by us to a path or inherited from the process that started us. Closing one of our own also
 * removes its path, before anything else of a dying process takes time: a peer that reconnects must find nobody rather
 * than a socket that nobody serves. Any thread may call {@link #close} while no other is in {@link #accept}.
 */
public final class UnixListener implements AutoCloseable {
    private static final int BACKLOG = 16;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SO_ACCEPTCONN = 30;

    private final Fd fd;
    private final @Nullable Path path;
    private final AtomicBoolean linked = new AtomicBoolean(true);

    private UnixListener(Fd fd, @Nullable Path path) {
        this.fd = fd;
        this.path = path;
    }

    /**
     * Binds to {@code path} and listens. A socket file left behind by a process that died is replaced; one that somebody
     * serves is not: EADDRINUSE.
     */
    public static UnixListener listen(Path path) {
        return listen(path, null);
    }

    /** As {@link #listen(Path)}; nobody else than this user, and root, can connect. */
    public static UnixListener listenPrivately(Path path) {
        return listen(path, PosixFilePermissions.fromString("rw-------"));
    }

    private static UnixListener listen(Path path, @Nullable Set<PosixFilePermission> permissions) {
        Fd fd = UnixSocket.stream();
        try {
            fd.makeNonBlocking();
            if (!bind(fd, path)) {
                if (isServed(path)) {
                    throw new PosixException("bind " + path, Errno.EADDRINUSE);
                }
                // connect(2) refuses a file that is no socket just as it does a dead socket.
                if (isSocket(path)) {
                    Posix.C.unlink(path.toString());
                }
                if (!bind(fd, path)) {
                    throw new PosixException("bind " + path, Errno.EADDRINUSE);
                }
            }
            if (permissions != null) {
                // nobody can connect to a socket that does not listen yet
                Files.setPosixFilePermissions(path, permissions);
            }
            Posix.check("listen", Posix.C.listen(fd.number(), BACKLOG));
            return new UnixListener(fd, path);
        } catch (IOException e) {
            fd.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Serves a socket that is listening already, descriptor {@code number}; the path stays its creator's. Throws EBADF or
     * ENOTSOCK when it is no socket and EINVAL when it does not listen; the descriptor is then not touched, because it may
     * be anything.
     */
    public static UnixListener inherit(int number) {
        if (!listens(number)) {
            throw new PosixException("fd " + number + " does not listen", Errno.EINVAL);
        }
        Fd fd = new Fd(number);
        fd.makeNonBlocking();
        return new UnixListener(fd, null);
    }

    private static boolean listens(int number) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Integer.BYTES);
            Posix.check(
                    "getsockopt(SO_ACCEPTCONN)",
                    Posix.C.getsockopt(
                            number, UnixSocket.SOL_SOCKET, SO_ACCEPTCONN, Posix.address(value), Posix.address(length)));
            return value.get(ValueLayout.JAVA_INT, 0) != 0;
        }
    }

    private static boolean bind(Fd fd, Path path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = SocketAddress.of(path, arena);
            int result = Posix.C.bind(fd.number(), Posix.address(address), Math.toIntExact(address.byteSize()));
            if (result < 0 && Posix.errno() != Errno.EADDRINUSE) {
                throw Posix.failure("bind " + path);
            }
            return result == 0;
        }
    }

    private static boolean isSocket(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .isOther();
        } catch (IOException gone) {
            return false;
        }
    }

    private static boolean isServed(Path path) {
        try (UnixSocket probe = UnixSocket.connect(path)) {
            return probe.fd().isOpen();
        } catch (PosixException e) {
            return e.errno() != Errno.ECONNREFUSED && e.errno() != Errno.ENOENT;
        }
    }

    public Fd fd() {
        return fd;
    }

    /** The next waiting connection, or null when there is none. Does not wait: see {@link Readiness}. */
    public @Nullable UnixSocket accept() {
        while (true) {
            int peer = Posix.C.accept4(fd.number(), 0, 0, SOCK_CLOEXEC);
            if (peer >= 0) {
                return new UnixSocket(new Fd(peer));
            }
            Errno errno = Posix.errno();
            if (errno == Errno.EAGAIN || errno == Errno.EWOULDBLOCK) {
                return null;
            }
            if (errno != Errno.EINTR && errno != Errno.ECONNABORTED) {
                throw new PosixException("accept4", errno);
            }
        }
    }

    /**
     * Removes the path, once; nobody can connect from now on. Any thread. Never twice: a successor may have bound the
     * same path meanwhile.
     */
    public void unlink() {
        if (path != null && linked.getAndSet(false)) {
            Posix.C.unlink(path.toString());
        }
    }

    @Override
    public void close() {
        unlink();
        fd.close();
    }
}
