package dev.cipu.shim.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.net.HostPort;
import dev.cipu.dataplane.net.L2Switch;
import dev.cipu.dataplane.net.PacketPool;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A frame's way from one real interface through the switch to another allocates nothing. Needs root. */
@Timeout(60)
class TapAllocationIT {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int MTU = 1500;
    private static final int MAX_FRAME = MTU + 18;
    private static final int ATTEMPTS = 2_000;
    private static final int FRAMES = 64;
    private static final int IP = 10 << 24 | 79 << 16 | 7 << 8 | 1;
    private static final int MASK = 0xffffff00;
    private static final String NEIGHBOUR = "10.79.7.2";

    private final String prefix = "ca" + ProcessHandle.current().pid() % 1_000_000 + "-";
    private final CounterGroup counters = CounterGroup.unlisted(HostPort.COUNTERS);
    private final CounterGroup otherCounters = CounterGroup.unlisted(HostPort.COUNTERS);

    @BeforeEach
    void requireRoot() throws Exception {
        assumeTrue(
                "root".equals(Files.getOwner(Path.of("/proc/self")).getName()) && Files.exists(Path.of("/dev/net/tun")),
                "no root, or no /dev/net/tun: nothing here to make interfaces with");
        assumeTrue(run("ip", "-V") == 0, "ip is missing (Debian: iproute2)");
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    @Test
    void framesOfAnInterfaceAllocateNothingOnTheirWayToAnother() throws Exception {
        try (Arena arena = Arena.ofConfined();
                Tap from = Tap.open(prefix + "a", null, 0x0200_0000_0001L, MTU, IP, MASK);
                Tap to = Tap.open(prefix + "b", null, 0x0200_0000_0002L, MTU, 0, 0);
                DatagramChannel sender = DatagramChannel.open()) {
            assertThat(run("ip", "neigh", "add", NEIGHBOUR, "lladdr", "02:00:00:00:00:99", "dev", prefix + "a"))
                    .isZero();
            PacketPool pool = new PacketPool(arena, 512, MAX_FRAME, 4);
            L2Switch l2 = new L2Switch(pool, System::nanoTime, CounterGroup.unlisted(L2Switch.COUNTERS));
            l2.add(new HostPort(from, pool, MAX_FRAME, counters));
            l2.add(new HostPort(to, pool, MAX_FRAME, otherCounters));
            sender.bind(new InetSocketAddress("10.79.7.1", 0));
            long bytes = -1;
            for (int i = 0; i < ATTEMPTS && bytes != 0; i++) {
                bytes = turns(l2, sender);
            }
            assertThat(bytes).as("bytes allocated for %d frames", FRAMES).isZero();
            assertThat(from.isReadable()).as("all of them were read").isFalse();
            assertThat(otherCounters.get("rx_packets")).isGreaterThanOrEqualTo(FRAMES);
        }
    }

    /** Sends frames and carries them over; the bytes that this thread allocates for the latter. */
    private long turns(L2Switch l2, DatagramChannel sender) throws Exception {
        for (int i = 0; i < FRAMES; i++) {
            sender.send(ByteBuffer.allocate(i * 20), new InetSocketAddress(NEIGHBOUR, 9));
        }
        long before = otherCounters.get("rx_packets");
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 40; i++) {
            l2.poll();
            l2.arm();
            l2.disarm();
        }
        long bytes = THREADS.getCurrentThreadAllocatedBytes() - allocated;
        assertThat(otherCounters.get("rx_packets") - before).isGreaterThanOrEqualTo(FRAMES);
        return bytes;
    }
}
