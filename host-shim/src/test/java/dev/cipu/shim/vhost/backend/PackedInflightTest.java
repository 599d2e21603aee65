package dev.cipu.shim.vhost.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.PackedDriver;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.ChainRecord;
import dev.cipu.virtio.ring.PackedInflightLog;
import dev.cipu.virtio.ring.PackedQueue;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The record of packed chains in flight, over every instant at which the card can die: a run of both halves of a ring is repeated,
 * each time cut short after one store more, and what a successor then does must give the driver every chain exactly once.
 */
@Timeout(120)
class PackedInflightTest {
    private static final int SEEDS = 12;
    private static final int STEPS = 60;
    private static final int SLOT = 64;
    private static final int SLOTS = 512;
    private static final long DATA = 0x10_0000;

    /** The process dies. */
    private static final class Died extends RuntimeException {
        private static final long serialVersionUID = 1;

        Died() {
            super("died", null, false, false);
        }
    }

    /** Counts the instants at which a process can die, and lets it die at one of them. */
    private static final class Fate {
        private final int death;
        private int lived;

        Fate(int death) {
            this.death = death;
        }

        void instant() {
            if (lived++ == death) {
                throw new Died();
            }
        }
    }

    private static final class MortalPart extends PackedInflightPart {
        private final Fate fate;

        MortalPart(MemorySegment bytes, Fate fate) {
            super(bytes);
            this.fate = fate;
        }

        @Override
        void stored() {
            fate.instant();
        }
    }

    /** Lets the process die between the stores to the ring, too. */
    private record MortalLog(PackedInflightLog log, Fate fate) implements PackedInflightLog {
        @Override
        public void descriptor(long address, long rest) {
            log.descriptor(address, rest);
        }

        @Override
        public void taken(int id) {
            log.taken(id);
        }

        @Override
        public void completing(int id) {
            log.completing(id);
        }

        @Override
        public void publishing(int used) {
            // all used elements but the first are written
            fate.instant();
            log.publishing(used);
        }

        @Override
        public void published() {
            // the first one, too
            fate.instant();
            log.published();
        }
    }

    /** A guest, which lives on, and one card after the other. */
    private static final class World {
        final int size;
        final int entries;
        final FeatureSet features;
        final boolean inOrder;
        final Random random;
        final MemorySegment area;
        final MemorySegment part;
        final GuestMemory memory;
        final PackedDriver driver;
        final Chain chain = new Chain();

        /** By name, the number of the chain that the driver made; those it waits for. */
        final int[] numberOf;

        final List<Integer> waiting = new ArrayList<>();
        final List<Integer> held = new ArrayList<>();
        int numbers;
        int polled;

        World(int size, int entries, boolean inOrder, long seed, Arena arena) {
            this.size = size;
            this.entries = entries;
            this.inOrder = inOrder;
            FeatureSet set = FeatureSet.of(RingFeature.VERSION_1, RingFeature.RING_PACKED);
            features = inOrder ? set.with(RingFeature.IN_ORDER) : set;
            random = new Random(seed);
            area = arena.allocate(PackedDriver.bytes(size, 0), 16);
            part = arena.allocate(PackedInflightLayout.stride(entries), 64);
            MemorySegment data = arena.allocate((long) SLOTS * SLOT, 16);
            memory = GuestMemory.of(List.of(new GuestMemory.Region(DATA, DATA, data)));
            driver = new PackedDriver(area, 0, size, features, 0);
            numberOf = new int[size];
        }

        /** A card takes the ring over. */
        PackedQueue card(Fate fate) {
            PackedInflightQueue record = new PackedInflightQueue(new MortalPart(part, fate), size, entries);
            List<ChainRecord> chains = record.recover(area.asSlice(0, 16L * size), 0x8000);
            int next = record.used();
            for (ChainRecord each : chains) {
                int to = (next & 0x7fff) + each.slots();
                next = to < size ? to | (next & 0x8000) : to - size | (~next & 0x8000);
            }
            held.clear();
            return new VirtqueueBuilder()
                    .size(size)
                    .features(features)
                    .memory(memory)
                    .rings(
                            area.asSlice(driver.descriptorAddress()),
                            area.asSlice(driver.driverAreaAddress()),
                            area.asSlice(driver.deviceAreaAddress()))
                    .inflight(new MortalLog(record, fate))
                    .resubmit(chains)
                    .position(record.used() << 16 | next)
                    .buildPacked();
        }

        void run(PackedQueue queue) {
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(5)) {
                    case 0 -> add();
                    case 1, 2 -> pop(queue);
                    case 3 -> complete(queue, 1 + random.nextInt(3));
                    default -> poll();
                }
            }
        }

        private void add() {
            for (int count = random.nextInt(4); count > 0; count--) {
                int parts = 1 + random.nextInt(Math.min(3, size));
                long[] addresses = new long[parts];
                int[] lengths = new int[parts];
                for (int i = 0; i < parts; i++) {
                    addresses[i] = DATA + (long) (numbers % SLOTS) * SLOT + i;
                    lengths[i] = 1;
                }
                int id = driver.add(addresses, lengths, random.nextInt(parts + 1), parts);
                if (id >= 0) {
                    numberOf[id] = numbers++;
                    waiting.add(id);
                }
            }
            driver.publish();
        }

        /** What a card pops is what the driver added, oldest first: what an earlier card took comes again. */
        private void pop(PackedQueue queue) {
            while (random.nextInt(4) != 0 && queue.pop(chain)) {
                int id = chain.head();
                int number = (int) (chain.address(0) - memory.segment(0).address()) / SLOT;
                require(number == numberOf[id] % SLOTS, "the buffers of the chain that is named");
                require(!held.contains(id), "a chain once");
                if (!held.isEmpty()) {
                    require(numberOf[held.getLast()] < numberOf[id], "chains in the order in which they were taken");
                }
                held.add(id);
            }
        }

        private void complete(PackedQueue queue, int count) {
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < count && order.size() < held.size(); i++) {
                int index = inOrder ? order.size() : random.nextInt(held.size());
                if (!order.contains(held.get(index))) {
                    order.add(held.get(index));
                }
            }
            for (int id : order) {
                // what is pushed is the driver's as soon as it is released: the card may die on the way
                queue.push(id, 0);
            }
            queue.publish();
            held.removeAll(order);
        }

        private void poll() {
            int polledId = driver.poll();
            while (polledId >= 0) {
                int id = polledId;
                require(waiting.removeIf(each -> each == id), "a chain that the driver waits for");
                polled++;
                polledId = driver.poll();
            }
        }

        /** Everything comes back. */
        void finish(PackedQueue queue) {
            for (int i = 0; i < 20 * size && !waiting.isEmpty(); i++) {
                pop(queue);
                complete(queue, 3);
                poll();
            }
            require(waiting.isEmpty() && driver.free() == size && polled == numbers, "every chain once");
            require(!queue.pop(chain), "nothing more");
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("expected " + what);
        }
    }

    @ParameterizedTest(name = "size {0}, entries {1}, in order {2}")
    @CsvSource({"1,1,false", "2,2,false", "3,3,false", "3,5,false", "5,5,false", "5,5,true", "8,8,false", "8,8,true"})
    void theCardMayDieAfterAnyStore(int size, int entries, boolean inOrder) {
        long deaths = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            boolean died = true;
            for (int death = 0; died; death++) {
                try (Arena arena = Arena.ofConfined()) {
                    World world = new World(size, entries, inOrder, seed, arena);
                    died = live(world, death);
                    deaths += died ? 1 : 0;
                    PackedQueue last = world.card(new Fate(-1));
                    world.run(last);
                    world.finish(last);
                } catch (AssertionError | RuntimeException e) {
                    throw new AssertionError("seed " + seed + ", death " + death, e);
                }
            }
        }
        assertThat(deaths).isGreaterThan(SEEDS * 40L);
    }

    /** Whether the process died on the way. */
    private static boolean live(World world, int death) {
        try {
            PackedQueue queue = world.card(new Fate(death));
            world.run(queue);
            return false;
        } catch (Died e) {
            return true;
        }
    }

    @ParameterizedTest(name = "size {0}, entries {1}, in order {2}")
    @CsvSource({"2,2,false", "3,3,false", "5,7,true", "8,8,false"})
    void aSuccessorMayDieWhileItRecovers(int size, int entries, boolean inOrder) {
        Random deaths = new Random(7);
        for (int seed = 0; seed < 3000; seed++) {
            try (Arena arena = Arena.ofConfined()) {
                World world = new World(size, entries, inOrder, seed, arena);
                live(world, deaths.nextInt(300));
                for (int i = 0; i < 3; i++) {
                    live(world, deaths.nextInt(20));
                }
                live(world, deaths.nextInt(300));
                PackedQueue last = world.card(new Fate(-1));
                world.run(last);
                world.finish(last);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    /** Whatever an enemy, or another back-end, has written: a refusal, or a record that fits into the ring. */
    @ParameterizedTest
    @CsvSource({"1,1", "3,3", "4,9", "64,64"})
    void corruptContentsAreRefusedOrHarmless(int size, int entries) {
        Random random = new Random(56);
        int refused = 0;
        int accepted = 0;
        for (int round = 0; round < 20_000; round++) {
            try (Arena arena = Arena.ofConfined()) {
                World world = new World(size, entries, false, round, arena);
                live(world, 20 + random.nextInt(200));
                for (int i = 1 + random.nextInt(3); i > 0; i--) {
                    corrupt(world.part, entries, random);
                }
                List<ChainRecord> chains = new PackedInflightQueue(new PackedInflightPart(world.part), size, entries)
                        .recover(world.area.asSlice(0, 16L * size), 0x8000);
                assertThat(chains.stream().mapToInt(ChainRecord::slots).sum()).isLessThanOrEqualTo(size);
                accepted++;
            } catch (RefusedException e) {
                refused++;
            }
        }
        assertThat(refused).isPositive();
        assertThat(accepted).isPositive();
    }

    private static void corrupt(MemorySegment part, int entries, Random random) {
        int value = random.nextBoolean() ? random.nextInt(entries + 2) : random.nextInt();
        PackedInflightPart bytes = new PackedInflightPart(part);
        long entry = PackedInflightLayout.entry(random.nextInt(entries));
        switch (random.nextInt(9)) {
            case 0 -> bytes.u16(PackedInflightLayout.FREE_HEAD, value);
            case 1 -> bytes.u16(PackedInflightLayout.OLD_FREE_HEAD, value);
            case 2 -> bytes.u16(PackedInflightLayout.USED_INDEX, value);
            case 3 -> bytes.u16(PackedInflightLayout.OLD_USED_INDEX, value);
            case 4 -> bytes.u8(entry + PackedInflightLayout.ENTRY_INFLIGHT, value);
            case 5 -> bytes.u16(entry + PackedInflightLayout.ENTRY_NEXT, value);
            case 6 -> bytes.u16(entry + PackedInflightLayout.ENTRY_NUM, value);
            case 7 -> bytes.u16(entry + PackedInflightLayout.ENTRY_ID, value);
            default -> bytes.u64(entry + PackedInflightLayout.ENTRY_COUNTER, value);
        }
    }

    @ParameterizedTest
    @CsvSource({
        // offset of a 16-bit field, what it holds: no version of ours, another ring, positions outside
        "8,2",
        "10,9",
        "16,8",
        "18,8",
        "18,65535",
        // a free list that ends outside, or begins in a chain that is taken
        "14,8",
        "14,65535",
        "14,0",
        // the first entry's chain: of no descriptor, of more than there are, going on outside, and into itself
        "38,0",
        "38,9",
        "34,8",
        "34,0",
    })
    void line56ImpossibleContentsAreRefused(int offset, int value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment part = arena.allocate(PackedInflightLayout.stride(8), 64);
            MemorySegment ring = arena.allocate(RingFormat.PACKED.descriptorBytes(8), 16);
            PackedInflightQueue predecessor = new PackedInflightQueue(new PackedInflightPart(part), 8, 8);
            assertThat(predecessor.recover(ring, 0x8000)).isEmpty();
            predecessor.descriptor(1, 2);
            predecessor.descriptor(3, 4L << 32);
            predecessor.taken(4);
            predecessor.descriptor(5, 7L << 32);
            predecessor.taken(7);
            new PackedInflightPart(part).u16(offset, value);
            PackedInflightQueue successor = new PackedInflightQueue(new PackedInflightPart(part), 8, 8);
            assertThatThrownBy(() -> successor.recover(ring, 0x8000)).isInstanceOf(RefusedException.class);
        }
    }

    @ParameterizedTest
    @CsvSource({"5,9,true", "5,5,true", "9,5,false"})
    void countersTellTheOrderAndTiesFallBackToTheEntries(long first, long second, boolean inOrderOfEntries) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment part = arena.allocate(PackedInflightLayout.stride(8), 64);
            MemorySegment ring = arena.allocate(RingFormat.PACKED.descriptorBytes(8), 16);
            PackedInflightQueue predecessor = new PackedInflightQueue(new PackedInflightPart(part), 8, 8);
            predecessor.recover(ring, 0x8000);
            for (int id : new int[] {40_000, 3}) {
                predecessor.descriptor(id, (long) id << 32);
                predecessor.taken(id);
            }
            PackedInflightPart bytes = new PackedInflightPart(part);
            bytes.u64(PackedInflightLayout.entry(0) + PackedInflightLayout.ENTRY_COUNTER, first);
            bytes.u64(PackedInflightLayout.entry(1) + PackedInflightLayout.ENTRY_COUNTER, second);
            PackedInflightQueue successor = new PackedInflightQueue(new PackedInflightPart(part), 8, 8);
            assertThat(successor.recover(ring, 0x8000))
                    .extracting(ChainRecord::id)
                    .containsExactly(inOrderOfEntries ? 40_000 : 3, inOrderOfEntries ? 3 : 40_000);
        }
    }
}
