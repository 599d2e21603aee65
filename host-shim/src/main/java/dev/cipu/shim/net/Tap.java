package dev.cipu.shim.net;

import dev.cipu.dataplane.net.FrameChannel;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.TapDevice;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An interface of this host or of a container on it, as the switch reads and writes it: one system call a frame, none of which
 * allocates. Made and closed by the card's control thread, used by the switch's worker in between.
 */
public final class Tap implements FrameChannel, AutoCloseable {
    private static final int EINTR = 4;
    private static final int EAGAIN = 11;
    private static final int EBADFD = 77;
    private static final short POLLIN = 1;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
    private static final MethodHandle READV = bind("readv", FunctionDescriptor.of(LONG, INT, LONG, INT));
    private static final MethodHandle WRITE = bind("write", FunctionDescriptor.of(LONG, INT, LONG, LONG));
    private static final MethodHandle POLL = bind("poll", FunctionDescriptor.of(INT, LONG, LONG, INT));

    private final Fd fd;
    private final int number;
    private final FeatureSet offloads;
    private final MemorySegment state = Arena.ofAuto().allocate(STATE);

    /** Two of struct iovec: an address and a length each. */
    private final MemorySegment vectors = Arena.ofAuto().allocate(LONG, 4);

    /** struct pollfd. */
    private final MemorySegment poll = Arena.ofAuto().allocate(8, 8);

    private Tap(TapDevice device) {
        fd = device.fd();
        number = fd.number();
        FeatureSet can = FeatureSet.of(NetFeature.CSUM);
        if (device.tcp()) {
            can = can.or(FeatureSet.of(NetFeature.HOST_TSO4, NetFeature.HOST_TSO6, NetFeature.HOST_ECN));
        }
        offloads = device.udp() ? can.or(FeatureSet.of(NetFeature.HOST_USO)) : can;
        poll.set(INT, 0, number);
        poll.set(ValueLayout.JAVA_SHORT, 4, POLLIN);
    }

    /**
     * Makes an interface that is up.
     *
     * @param namespace the file of its network namespace, null for that of this process
     * @param mac its address, the first byte in bits 40 to 47
     * @param ip IPv4, the first number in the highest byte; 0 for none
     * @throws dev.cipu.shim.posix.PosixException see {@link TapDevice#make}
     */
    public static Tap open(String name, @Nullable Path namespace, long mac, int mtu, int ip, int mask) {
        return new Tap(TapDevice.make(name, namespace, new TapDevice.Traits(mac, mtu, ip, mask, NetHeader.BYTES)));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle bind(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), type, Linker.Option.captureCallState("errno"));
    }

    /** Readable when a frame waits. */
    public Fd fd() {
        return fd;
    }

    @Override
    public FeatureSet offloads() {
        return offloads;
    }

    @Override
    public int read(long first, int firstBytes, long second, int secondBytes) {
        vectors.setAtIndex(LONG, 0, first);
        vectors.setAtIndex(LONG, 1, firstBytes);
        vectors.setAtIndex(LONG, 2, second);
        vectors.setAtIndex(LONG, 3, secondBytes);
        try {
            long n = (long) READV.invokeExact(state, number, vectors.address(), 2);
            if (n > 0) {
                return (int) n;
            }
        } catch (Throwable impossible) {
            throw new IllegalStateException("readv(2) raised", impossible);
        }
        int errno = (int) ERRNO.get(state, 0L);
        return errno == EAGAIN || errno == EINTR ? NOTHING : GONE;
    }

    @Override
    public int write(long address, int bytes) {
        try {
            long n = (long) WRITE.invokeExact(state, number, address, (long) bytes);
            if (n >= 0) {
                return (int) n;
            }
        } catch (Throwable impossible) {
            throw new IllegalStateException("write(2) raised", impossible);
        }
        // an interface that is down, or memory that is short, may be otherwise with the next frame
        return (int) ERRNO.get(state, 0L) == EBADFD ? GONE : REFUSED;
    }

    @Override
    public boolean isReadable() {
        try {
            return (int) POLL.invokeExact(state, poll.address(), 1L, 0) > 0;
        } catch (Throwable impossible) {
            throw new IllegalStateException("poll(2) raised", impossible);
        }
    }

    /** The interface goes; no worker may use it any more. */
    @Override
    public void close() {
        fd.close();
    }
}
