package dev.cipu.shim.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jnr.constants.platform.Errno;

/**
 * struct msghdr with one iovec and room for as many descriptors as Linux passes at once (253), so that nothing a peer
 * sends is lost silently. Used by one reader and one writer: each has its own half.
 *
 * <pre>
 * msghdr (64-bit):  0 name  8 namelen  16 iov  24 iovlen  32 control  40 controllen  48 flags
 * cmsghdr:          0 len   8 level   12 type  16 data
 * </pre>
 */
final class AncillaryMessage implements AutoCloseable {
    private static final int MAX_DESCRIPTORS = 253;
    private static final int MSGHDR_BYTES = 56;
    private static final int IOV = 16;
    private static final int IOV_LENGTH = 24;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int FLAGS = 48;
    private static final int CMSG_LEVEL = 8;
    private static final int CMSG_TYPE = 12;
    private static final int CMSG_DATA = 16;
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CTRUNC = 0x8;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final long CONTROL_BYTES = align(CMSG_DATA + 4L * MAX_DESCRIPTORS);

    private final Arena arena = Arena.ofShared();
    private final Half sending = new Half(arena);
    private final Half receiving = new Half(arena);

    private record Half(MemorySegment header, MemorySegment vector, MemorySegment control) {
        Half(Arena arena) {
            this(arena.allocate(MSGHDR_BYTES, 8), arena.allocate(16, 8), arena.allocate(CONTROL_BYTES, 8));
        }

        void prepare(MemorySegment bytes, long controlBytes) {
            vector.set(ValueLayout.JAVA_LONG, 0, Posix.address(bytes));
            vector.set(ValueLayout.JAVA_LONG, 8, bytes.byteSize());
            header.set(ValueLayout.JAVA_LONG, IOV, vector.address());
            header.set(ValueLayout.JAVA_LONG, IOV_LENGTH, 1);
            header.set(ValueLayout.JAVA_LONG, CONTROL, controlBytes == 0 ? 0 : control.address());
            header.set(ValueLayout.JAVA_LONG, CONTROL_LENGTH, controlBytes);
            header.set(ValueLayout.JAVA_INT, FLAGS, 0);
        }
    }

    long send(int socket, MemorySegment bytes, Fd[] descriptors, int flags) {
        if (descriptors.length > MAX_DESCRIPTORS) {
            throw new IllegalArgumentException(descriptors.length + " descriptors in one message");
        }
        long data = 4L * descriptors.length;
        sending.prepare(bytes, descriptors.length == 0 ? 0 : align(CMSG_DATA + data));
        if (descriptors.length > 0) {
            MemorySegment control = sending.control;
            control.set(ValueLayout.JAVA_LONG, 0, CMSG_DATA + data);
            control.set(ValueLayout.JAVA_INT, CMSG_LEVEL, SOL_SOCKET);
            control.set(ValueLayout.JAVA_INT, CMSG_TYPE, SCM_RIGHTS);
            for (int i = 0; i < descriptors.length; i++) {
                control.set(ValueLayout.JAVA_INT, CMSG_DATA + 4L * i, descriptors[i].number());
            }
        }
        return Posix.C.sendmsg(socket, sending.header.address(), flags);
    }

    long receive(int socket, MemorySegment bytes, FdBundle into, int flags) {
        receiving.prepare(bytes, CONTROL_BYTES);
        long n = Posix.C.recvmsg(socket, receiving.header.address(), flags | MSG_CMSG_CLOEXEC);
        if (n < 0) {
            return n;
        }
        collect(into);
        if ((receiving.header.get(ValueLayout.JAVA_INT, FLAGS) & MSG_CTRUNC) != 0) {
            throw new PosixException("recvmsg (descriptors truncated)", Errno.EMFILE);
        }
        return n;
    }

    private void collect(FdBundle into) {
        MemorySegment control = receiving.control;
        long end = receiving.header.get(ValueLayout.JAVA_LONG, CONTROL_LENGTH);
        long at = 0;
        while (at + CMSG_DATA <= end) {
            long length = control.get(ValueLayout.JAVA_LONG, at);
            if (length < CMSG_DATA || length > end - at) {
                return;
            }
            if (control.get(ValueLayout.JAVA_INT, at + CMSG_LEVEL) == SOL_SOCKET
                    && control.get(ValueLayout.JAVA_INT, at + CMSG_TYPE) == SCM_RIGHTS) {
                for (long data = at + CMSG_DATA; data + 4 <= at + length; data += 4) {
                    into.add(new Fd(control.get(ValueLayout.JAVA_INT, data)));
                }
            }
            at += align(length);
        }
    }

    private static long align(long bytes) {
        return (bytes + 7) & -8L;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
