package dev.cipu.shim.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import jnr.constants.platform.Errno;
import org.jspecify.annotations.Nullable;

/**
 * Makes an interface of which this process is the wire: what the host sends is read from a descriptor, what is written there the
 * host receives, each frame with a header of virtio-net before it. The interface goes when the descriptor is closed.
 *
 * <p>One that is to appear in another network namespace is made there by a thread that enters it and then ends: the interface is
 * never seen in this process's namespace, so interfaces of many containers may have the same name.
 *
 * @param fd non-blocking; who has this closes it
 * @param tcp whether the interface sends TCP frames that are to be cut
 * @param udp likewise of UDP; it then takes such, too
 */
public record TapDevice(Fd fd, boolean tcp, boolean udp) {
    private static final Path DEVICE = Path.of("/dev/net/tun");
    private static final int NON_BLOCKING = 0x800;
    private static final int CLONE_NEWNET = 0x40000000;

    private static final long TUNSETIFF = 0x400454caL;
    private static final long TUNSETOFFLOAD = 0x400454d0L;
    private static final long TUNSETVNETHDRSZ = 0x400454d8L;
    private static final long TUNSETVNETLE = 0x400454dcL;

    private static final int IFF_TAP = 0x2;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_VNET_HDR = 0x4000;
    private static final int IFF_TUN_EXCL = 0x8000;

    private static final int CHECKSUMS = 0x1;
    private static final int TCP = 0x2 | 0x4 | 0x8;
    private static final int UDP = 0x20 | 0x40;

    private static final long SIOCSIFFLAGS = 0x8914;
    private static final long SIOCSIFADDR = 0x8916;
    private static final long SIOCSIFNETMASK = 0x891c;
    private static final long SIOCSIFMTU = 0x8922;
    private static final long SIOCSIFHWADDR = 0x8924;

    private static final short UP_AND_RUNNING = 0x1 | 0x40;
    private static final short AF_INET = 2;
    private static final short ARPHRD_ETHER = 1;
    private static final int DATAGRAM_CLOEXEC = 0x80002;

    /** struct ifreq: a name, then what the request is about. */
    private static final int NAME_BYTES = 16;

    private static final int REQUEST_BYTES = 40;
    private static final int MAC_BYTES = 6;

    private static final ValueLayout.OfInt NETWORK_ORDER =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /**
     * How the interface is set up.
     *
     * @param mac its address, the first byte in bits 40 to 47
     * @param ip IPv4, the first number in the highest byte; 0 for none
     * @param headerBytes of the header before each frame
     */
    public record Traits(long mac, int mtu, int ip, int mask, int headerBytes) {}

    /**
     * Makes an interface that is up.
     *
     * @param namespace the file of its network namespace, null for that of this process
     * @throws PosixException EPERM without CAP_NET_ADMIN, EBUSY if there is one of this name, ENOENT if there is no such namespace
     */
    public static TapDevice make(String name, @Nullable Path namespace, Traits traits) {
        if (namespace == null) {
            return make(name, traits);
        }
        try (Fd there = Fd.open(namespace, OpenFlag.READ_ONLY, 0)) {
            return new Visit(there, name, traits).made();
        }
    }

    /** A thread that enters a namespace, makes the interface there and ends. */
    private static final class Visit {
        private final Thread thread;
        private @Nullable TapDevice device;
        private @Nullable RuntimeException failure;

        Visit(Fd namespace, String name, Traits traits) {
            thread = Thread.ofPlatform().name("namespace-" + name).start(() -> {
                try {
                    Posix.check("setns", Posix.C.setns(namespace.number(), CLONE_NEWNET));
                    device = make(name, traits);
                } catch (RuntimeException e) {
                    failure = e;
                }
            });
        }

        TapDevice made() {
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            TapDevice made = device;
            if (made == null) {
                throw failure == null ? new IllegalStateException("nothing was made") : failure;
            }
            return made;
        }
    }

    private static TapDevice make(String name, Traits traits) {
        Fd fd = Fd.open(DEVICE, OpenFlag.READ_WRITE | NON_BLOCKING, 0);
        try (Arena arena = Arena.ofConfined();
                Fd socket = new Fd(Posix.check("socket", Posix.C.socket(AF_INET, DATAGRAM_CLOEXEC, 0)))) {
            MemorySegment request = request(arena, name);
            int kind = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL;
            request.set(ValueLayout.JAVA_SHORT, NAME_BYTES, (short) kind);
            control("TUNSETIFF " + name, fd, TUNSETIFF, request);
            MemorySegment number = arena.allocateFrom(ValueLayout.JAVA_INT, traits.headerBytes());
            control("TUNSETVNETHDRSZ", fd, TUNSETVNETHDRSZ, number);
            number.set(ValueLayout.JAVA_INT, 0, 1);
            control("TUNSETVNETLE", fd, TUNSETVNETLE, number);
            boolean udp = offers(fd, CHECKSUMS | TCP | UDP);
            boolean tcp = udp || offers(fd, CHECKSUMS | TCP);
            setUp(socket, request, traits);
            return new TapDevice(fd, tcp, udp);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static void setUp(Fd socket, MemorySegment request, Traits traits) {
        request.set(ValueLayout.JAVA_SHORT, NAME_BYTES, ARPHRD_ETHER);
        for (int i = 0; i < MAC_BYTES; i++) {
            byte next = (byte) (traits.mac() >>> (8 * (MAC_BYTES - 1 - i)));
            request.set(ValueLayout.JAVA_BYTE, NAME_BYTES + Short.BYTES + i, next);
        }
        control("SIOCSIFHWADDR", socket, SIOCSIFHWADDR, request);
        clear(request).set(ValueLayout.JAVA_INT, NAME_BYTES, traits.mtu());
        control("SIOCSIFMTU", socket, SIOCSIFMTU, request);
        if (traits.ip() != 0) {
            control("SIOCSIFADDR", socket, SIOCSIFADDR, internet(request, traits.ip()));
            control("SIOCSIFNETMASK", socket, SIOCSIFNETMASK, internet(request, traits.mask()));
        }
        clear(request).set(ValueLayout.JAVA_SHORT, NAME_BYTES, UP_AND_RUNNING);
        control("SIOCSIFFLAGS", socket, SIOCSIFFLAGS, request);
    }

    private static MemorySegment request(Arena arena, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        if (bytes.length == 0 || bytes.length >= NAME_BYTES) {
            throw new IllegalArgumentException("an interface's name has 1 to 15 bytes: " + name);
        }
        MemorySegment request = arena.allocate(REQUEST_BYTES, 8);
        MemorySegment.copy(bytes, 0, request, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return request;
    }

    private static MemorySegment clear(MemorySegment request) {
        request.asSlice(NAME_BYTES).fill((byte) 0);
        return request;
    }

    /** struct sockaddr_in: family, port, address. */
    private static MemorySegment internet(MemorySegment request, int address) {
        clear(request).set(ValueLayout.JAVA_SHORT, NAME_BYTES, AF_INET);
        request.set(NETWORK_ORDER, NAME_BYTES + 4L, address);
        return request;
    }

    private static boolean offers(Fd fd, int offloads) {
        if (Posix.C.ioctl(fd.number(), TUNSETOFFLOAD, offloads) >= 0) {
            return true;
        }
        if (Posix.errno() != Errno.EINVAL) {
            throw Posix.failure("TUNSETOFFLOAD");
        }
        return false;
    }

    private static void control(String what, Fd fd, long request, MemorySegment argument) {
        Posix.check(what, Posix.C.ioctl(fd.number(), request, Posix.address(argument)));
    }
}
