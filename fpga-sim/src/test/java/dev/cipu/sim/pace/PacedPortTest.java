package dev.cipu.sim.pace;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.net.Burst;
import dev.cipu.dataplane.net.L2Switch;
import dev.cipu.dataplane.net.Offload;
import dev.cipu.dataplane.net.PacketPool;
import dev.cipu.dataplane.net.Port;
import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PacedPortTest {
    private static final int SLOTS = 4 * PacedPort.FRAMES;
    private static final int FRAME = 60;
    private static final long ADDRESS_A = 0x0a_00_00_00_00_02L;
    private static final long ADDRESS_B = 0x0b_00_00_00_00_02L;

    private final FakeClock clock = new FakeClock();
    private final PacketPool pool = new PacketPool(Arena.ofAuto(), SLOTS, 1518, 64);
    private final Far far = new Far();
    private final CounterGroup in = CounterGroup.unlisted(PaceLog.COUNTERS);
    private final CounterGroup out = CounterGroup.unlisted(PaceLog.COUNTERS);
    private long inLatency = 3_000;
    private long outLatency = 500;
    private final PacedPort port = new PacedPort(
            far,
            pool,
            new PortTiming((now, _) -> now + inLatency, (now, _) -> now + outLatency),
            clock,
            new PaceLog(in),
            new PaceLog(out));
    private final Burst burst = new Burst();

    /** A guest's port that has frames when it is told so, and remembers those that it gets. */
    private final class Far implements Port {
        long waiting;
        long next;
        boolean large;
        boolean faults;
        boolean quiet = true;
        long destination = ADDRESS_B;
        final List<Long> got = new ArrayList<>();

        @Override
        public int receive(Burst burst) {
            int frames = 0;
            while (waiting > 0 && burst.room() > 0) {
                int slot = large ? pool.takeLarge() : pool.take();
                if (slot < 0) {
                    break;
                }
                HostMemory.ALL.set(Le.LONG_UNALIGNED, pool.frameOffset(slot), destination | ADDRESS_A << 48);
                HostMemory.ALL.set(Le.LONG_UNALIGNED, pool.frameOffset(slot) + 8, ADDRESS_A >>> 16);
                HostMemory.ALL.set(Le.LONG_UNALIGNED, pool.frameOffset(slot) + 16, next++);
                burst.add(slot, large ? 9_000 : FRAME, large ? 7 : Offload.NONE);
                waiting--;
                frames++;
            }
            fault();
            return frames;
        }

        private void fault() {
            if (faults) {
                throw new InternalError("a fault occurred in an unsafe memory access operation");
            }
        }

        @Override
        public void transmit(Burst burst) {
            fault();
            for (int i = 0; i < burst.count(); i++) {
                got.add(number(burst, i));
            }
        }

        @Override
        public boolean arm() {
            return quiet;
        }

        @Override
        public void disarm() {}
    }

    private long number(Burst burst, int index) {
        return HostMemory.ALL.get(Le.LONG_UNALIGNED, pool.frameOffset(burst.slot(index)) + 16);
    }

    private List<Long> receive() {
        port.receive(burst);
        List<Long> numbers = new ArrayList<>();
        for (int i = 0; i < burst.count(); i++) {
            numbers.add(number(burst, i));
            pool.release(burst.slot(i));
        }
        burst.clear();
        return numbers;
    }

    /** The switch sends frames with these numbers to the guest. */
    private void transmit(long from, int count) {
        Burst frames = new Burst();
        for (int i = 0; i < count; i++) {
            int slot = pool.take();
            HostMemory.ALL.set(Le.LONG_UNALIGNED, pool.frameOffset(slot) + 16, from + i);
            frames.add(slot, FRAME, Offload.NONE);
        }
        port.transmit(frames);
        for (int i = 0; i < count; i++) {
            pool.release(frames.slot(i));
        }
    }

    private static List<Long> numbers(long from, long to) {
        return LongStream.range(from, to).boxed().toList();
    }

    @Test
    void aFrameEntersTheSwitchWhenItIsDue() {
        far.waiting = 3;
        assertThat(receive()).isEmpty();
        clock.pass(inLatency - 1);
        assertThat(receive()).isEmpty();
        clock.pass(1);
        assertThat(receive()).containsExactly(0L, 1L, 2L);
        assertThat(in.get("paced")).isEqualTo(3);
        assertThat(in.get("asked_ns")).isEqualTo(3 * inLatency);
        assertThat(in.get("error_max_ns")).isZero();
        assertThat(pool.available()).isEqualTo(SLOTS);
    }

    @Test
    void aFrameReachesTheGuestWhenItIsDue() {
        transmit(7, 2);
        clock.pass(outLatency - 1);
        receive();
        assertThat(far.got).isEmpty();
        clock.pass(1 + 40);
        receive();
        assertThat(far.got).containsExactly(7L, 8L);
        assertThat(out.get("error_max_ns")).isEqualTo(40);
        assertThat(pool.available()).isEqualTo(SLOTS);
    }

    @Test
    void framesKeepTheirOrderWhateverTheModelSays() {
        long seed = Seed.get();
        Random random = new Random(seed);
        List<Long> entered = new ArrayList<>();
        long sent = 0;
        for (int round = 0; round < 5_000; round++) {
            inLatency = random.nextInt(5_000);
            outLatency = random.nextInt(5_000);
            far.waiting += random.nextInt(3);
            int count = random.nextInt(3);
            transmit(sent, count);
            sent += count;
            entered.addAll(receive());
            clock.pass(random.nextInt(2_000));
        }
        clock.pass(5_000);
        while (far.waiting > 0 || port.dueIn() < Long.MAX_VALUE) {
            entered.addAll(receive());
            clock.pass(5_000);
        }
        assertThat(entered).as(Seed.text(seed)).isEqualTo(numbers(0, far.next));
        assertThat(far.got).as(Seed.text(seed)).isEqualTo(numbers(0, sent));
        assertThat(pool.available()).isEqualTo(SLOTS);
    }

    @Test
    void aGuestThatSendsMoreThanPassesWaitsForItsBuffers() {
        far.waiting = 100_000;
        inLatency = 1_000_000;
        for (int i = 0; i < 100; i++) {
            receive();
        }
        assertThat(far.next).isEqualTo(PacedPort.FRAMES);
        assertThat(pool.available()).isEqualTo(SLOTS - PacedPort.FRAMES);
        assertThat(in.get("dropped")).isZero();
    }

    @Test
    void whatComesForAGuestBeyondTheRoomIsDroppedAndCounted() {
        for (int i = 0; i < 10; i++) {
            transmit(100L * i, 100);
        }
        assertThat(out.get("dropped")).isEqualTo(1_000 - PacedPort.FRAMES);
        assertThat(out.get("paced")).isEqualTo(PacedPort.FRAMES);
        clock.pass(outLatency);
        for (int i = 0; i < 10; i++) {
            receive();
        }
        assertThat(far.got).isEqualTo(numbers(0, PacedPort.FRAMES));
        assertThat(pool.available()).isEqualTo(SLOTS);
    }

    @Test
    void largeFramesAreFewAndKeepWhatIsToBeDone() {
        far.large = true;
        far.waiting = 1_000;
        for (int i = 0; i < 10; i++) {
            receive();
        }
        // the first turn took all that there were
        assertThat(pool.availableLarge()).isZero();
        port.transmit(new Burst());
        clock.pass(inLatency);
        port.receive(burst);
        assertThat(burst.count()).isEqualTo(64);
        assertThat(burst.offload(0)).isEqualTo(7);
        assertThat(burst.length(0)).isEqualTo(9_000);
        port.transmit(burst);
        assertThat(out.get("paced")).isEqualTo(PacedPort.LARGE_FRAMES);
        assertThat(out.get("dropped")).isEqualTo(64 - PacedPort.LARGE_FRAMES);
        for (int i = 0; i < 64; i++) {
            pool.release(burst.slot(i));
        }
        far.waiting = 0;
        port.close();
        assertThat(pool.availableLarge()).isEqualTo(64);
    }

    /** What is behind another is late with it, and that is what is asked for. */
    @Test
    void aFrameIsDueNoEarlierThanTheOneBefore() {
        far.waiting = 1;
        receive();
        inLatency = 500;
        far.waiting = 1;
        receive();
        clock.pass(3_000);
        assertThat(receive()).containsExactly(0L, 1L);
        receive();
        assertThat(in.get("asked_ns")).isEqualTo(2 * 3_000);
        assertThat(in.get("error_max_ns")).isZero();
    }

    @Test
    void largeFramesKeepOthersOutUntilTheyHaveLeft() {
        far.large = true;
        far.waiting = PacedPort.LARGE_FRAMES;
        receive();
        far.large = false;
        far.waiting = 10;
        receive();
        assertThat(far.waiting).isEqualTo(10);
        clock.pass(inLatency);
        assertThat(receive()).hasSize(PacedPort.LARGE_FRAMES);
        receive();
        assertThat(far.waiting).isZero();
    }

    @Test
    void aWorkerMayRestWhileFramesAreHeldAndKnowsForHowLong() {
        L2Switch ethernet = new L2Switch(pool, clock, CounterGroup.unlisted(L2Switch.COUNTERS));
        ethernet.add(port);
        assertThat(ethernet.dueIn()).isEqualTo(Long.MAX_VALUE);
        far.waiting = 1;
        ethernet.poll();
        assertThat(ethernet.arm()).isTrue();
        assertThat(ethernet.dueIn()).isEqualTo(inLatency);
        transmit(0, 1);
        assertThat(ethernet.dueIn()).isEqualTo(outLatency);
        clock.pass(2 * inLatency);
        assertThat(ethernet.dueIn()).isZero();
        far.quiet = false;
        assertThat(ethernet.arm()).isFalse();
    }

    @Test
    void aPortThatLeavesGivesBackWhatItHolds() {
        far.waiting = 50;
        receive();
        transmit(0, 50);
        assertThat(pool.available()).isEqualTo(SLOTS - 100);
        port.close();
        assertThat(pool.available()).isEqualTo(SLOTS);
        clock.pass(1_000_000);
        assertThat(receive()).isEmpty();
        assertThat(far.got).isEmpty();
    }

    @Test
    void aFaultInSharedMemoryLosesFramesAndNoSlot() {
        L2Switch ethernet = new L2Switch(pool, clock, CounterGroup.unlisted(L2Switch.COUNTERS));
        ethernet.add(port);
        transmit(0, 5);
        clock.pass(outLatency);
        far.waiting = 5;
        far.faults = true;
        for (int i = 0; i < 2; i++) {
            try {
                ethernet.poll();
            } catch (InternalError e) {
                assertThat(ethernet.failed(e)).isTrue();
            }
        }
        far.faults = false;
        ethernet.poll();
        clock.pass(inLatency);
        ethernet.poll();
        assertThat(pool.available()).isEqualTo(SLOTS);
    }

    @Test
    void nothingIsAllocatedPerFrame() {
        L2Switch ethernet = new L2Switch(pool, clock, CounterGroup.unlisted(L2Switch.COUNTERS));
        PortTiming timing = TestCards.timing(TestCards.FULL, clock).port("net0");
        PacedPort first = new PacedPort(far, pool, timing, clock, new PaceLog(in), new PaceLog(out));
        Port sink = new Loopless();
        PacedPort second = new PacedPort(sink, pool, timing, clock, new PaceLog(in), new PaceLog(out));
        ethernet.add(first);
        ethernet.add(second);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long bytes = 1;
        for (int attempt = 0; attempt < 30 && bytes > 0; attempt++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 20_000; i++) {
                far.waiting = 32;
                ethernet.poll();
                clock.pass(2_000);
            }
            bytes = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(bytes).isZero();
        assertThat(out.get("paced")).isPositive();
    }

    /** A port that takes everything and has nothing. */
    private static final class Loopless implements Port {
        @Override
        public int receive(Burst burst) {
            return 0;
        }

        @Override
        public void transmit(Burst burst) {}

        @Override
        public boolean arm() {
            return true;
        }

        @Override
        public void disarm() {}
    }
}
