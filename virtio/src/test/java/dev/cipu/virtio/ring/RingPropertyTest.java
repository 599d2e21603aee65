package dev.cipu.virtio.ring;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.Seed;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.GuestMemory.Region;
import dev.cipu.virtio.memory.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Both halves of a ring against a model in plain Java: what the driver adds comes out of the device in order and whole,
 * what the device uses comes back in the order of use, and each side is woken exactly when it asked to be. Ten million
 * steps in all, over every wrap of both formats.
 */
class RingPropertyTest {
    private static final int STEPS = 400_000;
    private static final int MAX_PARTS = 6;
    private static final int SLOT = 64;
    private static final int SINGLES = 8;
    private static final long DATA = 0x40_0000;

    @ParameterizedTest(name = "split: size {0}, indirect {1}, event index {2}, in order {3}")
    @CsvSource({
        "1,false,false,false",
        "1,true,true,false",
        "2,false,true,false",
        "4,true,false,false",
        "8,true,true,false",
        "64,false,false,false",
        "64,true,true,false",
        "256,false,true,false",
        "1024,true,true,false",
        "1024,false,false,false",
        "32768,false,true,false",
        "32768,true,false,false",
        "1,false,true,true",
        "4,true,false,true",
        "64,false,true,true",
        "1024,true,true,true",
        "32768,false,false,true",
    })
    @Conforms({"SR-012", "SR-013", "SR-015", "BF-029"})
    void halvesOfASplitRingAgreeWithTheModel(int size, boolean indirect, boolean eventIndex, boolean inOrder) {
        run(size, features(indirect, eventIndex, inOrder, RingFeature.VERSION_1));
    }

    @Conforms({"PR-001", "PR-002", "PR-008", "PR-010", "PR-011", "PR-012", "PR-014", "PR-015", "PR-016"})
    @ParameterizedTest(name = "packed: size {0}, indirect {1}, event index {2}, in order {3}")
    @CsvSource({
        "1,false,false,false",
        "1,true,true,true",
        "2,false,true,false",
        "3,false,true,true",
        "3,true,false,false",
        "7,false,false,false",
        "8,true,true,false",
        "64,false,true,true",
        "100,true,true,false",
        "255,false,true,false",
        "256,true,false,true",
        "1000,false,true,false",
        "1000,true,true,true",
        "1024,false,false,true",
        "32767,false,true,false",
        "32768,true,true,false",
        "32768,false,true,true",
    })
    void halvesOfAPackedRingAgreeWithTheModel(int size, boolean indirect, boolean eventIndex, boolean inOrder) {
        run(size, features(indirect, eventIndex, inOrder, RingFeature.RING_PACKED));
    }

    private static FeatureSet features(boolean indirect, boolean eventIndex, boolean inOrder, int format) {
        FeatureSet features = FeatureSet.of(RingFeature.VERSION_1, format);
        features = indirect ? features.with(RingFeature.INDIRECT_DESC) : features;
        features = eventIndex ? features.with(RingFeature.EVENT_IDX) : features;
        return inOrder ? features.with(RingFeature.IN_ORDER) : features;
    }

    private static void run(int size, FeatureSet features) {
        long seed = Seed.get();
        try {
            new Run(size, features, new Random(seed)).steps();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(Seed.text(seed), e);
        }
    }

    /** One chain as the driver made it. */
    private static final class Sent {
        final long number;
        final long[] addresses;
        final int[] lengths;
        final int readable;
        int written;

        Sent(long number, long[] addresses, int[] lengths, int readable) {
            this.number = number;
            this.addresses = addresses;
            this.lengths = lengths;
            this.readable = readable;
        }

        int bytes(int from, int to) {
            int sum = 0;
            for (int i = from; i < to; i++) {
                sum += lengths[i];
            }
            return sum;
        }
    }

    private static final class Run {
        private final Random random;
        private final int size;
        private final boolean indirect;
        private final boolean eventIndex;
        private final boolean inOrder;
        private final boolean packed;
        private final DriverQueue driver;
        private final Virtqueue device;
        private final GuestMemory data;
        private final Chain chain = new Chain();
        private final MemorySegment buffer = MemorySegment.ofArray(new byte[SLOT]);

        // the model
        private final Sent[] byHead;
        private final int[] slotOfHead;
        private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
        private final ArrayDeque<Integer> hidden = new ArrayDeque<>();
        private final ArrayDeque<Integer> available = new ArrayDeque<>();
        private final List<Integer> taken = new ArrayList<>();
        private final SingleChains singles = new SingleChains(SINGLES);
        private final ArrayDeque<Integer> unpublished = new ArrayDeque<>();
        private final ArrayDeque<Integer> used = new ArrayDeque<>();
        private final Wish kicks;
        private final Wish calls;
        private final long border;
        private int free;

        /** Chains in a split ring, descriptors in a packed one: what an event counts. */
        private long added;

        private long shown;
        private long popped;
        private long released;
        private long polled;
        private long numbers;
        private boolean raised;

        Run(int size, FeatureSet features, Random random) {
            this.size = size;
            this.random = random;
            indirect = features.has(RingFeature.INDIRECT_DESC);
            eventIndex = features.has(RingFeature.EVENT_IDX);
            inOrder = features.has(RingFeature.IN_ORDER);
            packed = RingFormat.of(features) == RingFormat.PACKED;
            kicks = new Wish();
            calls = new Wish();
            Arena arena = Arena.ofAuto();
            MemorySegment area = arena.allocate(DriverQueue.bytes(RingFormat.of(features), size, MAX_PARTS), 16);
            driver = DriverQueue.of(area, 0, size, features, MAX_PARTS);
            // buffers lie in two regions whose border cuts a slot
            long dataBytes = (long) (size + 1) * SLOT;
            border = dataBytes / 2 / SLOT * SLOT + 29;
            data = GuestMemory.of(List.of(
                    new Region(0, 0, area),
                    new Region(DATA, DATA, arena.allocate(border)),
                    new Region(DATA + border, DATA + border, arena.allocate(dataBytes - border))));
            device = new VirtqueueBuilder()
                    .size(size)
                    .features(features)
                    .memory(data)
                    .rings(driver.descriptorAddress(), driver.driverAreaAddress(), driver.deviceAreaAddress())
                    .interrupt(() -> raised = true)
                    .build();
            byHead = new Sent[size];
            slotOfHead = new int[size];
            free = size;
            for (int i = 0; i < size; i++) {
                freeSlots.add(i);
            }
        }

        void steps() {
            // long bursts of one kind of step, so that rings run full and empty
            int step = 0;
            while (step < STEPS) {
                int kind = random.nextInt(9);
                for (int burst = 1 + random.nextInt(Math.min(2 * size, 3000)); burst > 0; burst--) {
                    step++;
                    switch (kind) {
                        case 0, 1 -> add();
                        case 2 -> showAvailable();
                        case 3 -> pop();
                        case 4 -> push();
                        case 5 -> showUsed();
                        case 6 -> poll();
                        case 7 -> popSingles();
                        default -> exchange();
                    }
                }
                wishes();
            }
        }

        /** Some of everything. */
        private void exchange() {
            add();
            showAvailable();
            pop();
            push();
            showUsed();
            poll();
        }

        private int slots(Sent sent) {
            return indirect && sent.lengths.length > 1 ? 1 : sent.lengths.length;
        }

        private int units(Sent sent) {
            return packed ? slots(sent) : 1;
        }

        private void add() {
            int parts = random.nextBoolean() ? 1 : 1 + random.nextInt(MAX_PARTS);
            int readable = random.nextInt(parts + 1);
            long[] addresses = new long[parts];
            int[] lengths = new int[parts];
            int need = indirect && parts > 1 ? 1 : parts;
            boolean room = need <= free;
            long at = room ? DATA + (long) freeSlots.element() * SLOT : DATA;
            for (int i = 0; i < parts; i++) {
                addresses[i] = at;
                lengths[i] = random.nextInt(11);
                at += lengths[i];
            }
            int head = driver.add(addresses, lengths, readable, parts);
            require(head >= 0 == room, "room for a chain");
            if (head < 0) {
                return;
            }
            require(head < size && byHead[head] == null, "a free head");
            Sent sent = new Sent(numbers++, addresses, lengths, readable);
            added += units(sent);
            byHead[head] = sent;
            slotOfHead[head] = freeSlots.remove();
            free -= need;
            hidden.add(head);
            poke(addresses[0], sent.bytes(0, readable), (byte) sent.number);
        }

        private void showAvailable() {
            boolean expected = kicks.wanted(shown, added);
            shown = added;
            available.addAll(hidden);
            hidden.clear();
            require(driver.publish() == expected, "a kick just when it was asked for");
        }

        private void pop() {
            boolean got = device.pop(chain);
            require(got == !available.isEmpty(), "a chain if there is one");
            if (!got) {
                return;
            }
            int head = available.remove();
            Sent sent = byHead[head];
            popped += units(sent);
            require(chain.head() == head, "chains in the driver's order");
            require((device.position() & 0xffff) == position(popped), "the count of chains");
            int readable = sent.bytes(0, sent.readable);
            int writable = sent.bytes(sent.readable, sent.lengths.length);
            require(chain.readableBytes() == readable && chain.writableBytes() == writable, "all bytes");
            require(chain.read(0, buffer, 0, SLOT) == readable, "all readable bytes");
            for (int i = 0; i < readable; i++) {
                require(buffer.get(ValueLayout.JAVA_BYTE, i) == (byte) sent.number, "the driver's data");
            }
            if (random.nextInt(16) == 0) {
                device.unpop(chain);
                require(device.pop(chain) && chain.head() == head, "the same chain again");
            }
            sent.written = random.nextInt(writable + 1);
            buffer.fill((byte) ~sent.number);
            require(chain.write(0, buffer, 0, sent.written) == sent.written, "room for what is written");
            taken.add(head);
        }

        private int position(long units) {
            if (!packed) {
                return (int) (units % 0x10000);
            }
            return (int) (units % size) | (units / size % 2 == 0 ? PackedLayout.WRAP : 0);
        }

        /** A burst of the simplest chains, some put back, the others used at once. */
        private void popSingles() {
            if (inOrder && !taken.isEmpty()) {
                return;
            }
            boolean writable = random.nextBoolean();
            int max = 1 + random.nextInt(SINGLES);
            List<Integer> expected = available.stream()
                    .limit(max)
                    .takeWhile(head -> isSingle(byHead[head], writable))
                    .toList();
            int n = device.popSingles(singles, max, writable);
            // a split queue looks at the ring only when it has popped all that it saw before
            require(n <= expected.size() && n > 0 == !expected.isEmpty(), "simple chains if there are any");
            require(!packed || n == expected.size(), "all simple chains there are");
            int kept = n == 0 ? 0 : n - random.nextInt(n + 1) / 2;
            for (int i = 0; i < kept; i++) {
                int head = available.remove();
                Sent sent = byHead[head];
                popped++;
                require(singles.length(i) == sent.lengths[0], "all bytes");
                HostMemory.ALL.set(ValueLayout.JAVA_BYTE, singles.address(i), writable ? (byte) ~sent.number : 0);
                if (writable) {
                    singles.written(i, 1);
                    sent.written = 1;
                }
                unpublished.add(head);
            }
            device.pushSingles(singles, kept);
            device.unpopSingles(singles, kept, n);
        }

        private boolean isSingle(Sent sent, boolean writable) {
            long from = sent.addresses[0] - DATA;
            int bytes = sent.lengths[0];
            boolean whole = from >= border || from + bytes <= border;
            return sent.lengths.length == 1 && bytes > 0 && whole && (sent.readable == 0) == writable;
        }

        private void push() {
            if (taken.isEmpty()) {
                return;
            }
            // in any order, if none was agreed on
            int head;
            if (inOrder) {
                head = taken.removeFirst();
            } else {
                int last = taken.size() - 1;
                head = taken.set(random.nextInt(taken.size()), taken.get(last));
                taken.removeLast();
            }
            device.push(head, byHead[head].written);
            unpublished.add(head);
        }

        private void showUsed() {
            int kept = random.nextInt(4) == 0 ? random.nextInt(4) : 0;
            long from = released;
            while (unpublished.size() > kept) {
                released += units(byHead[unpublished.element()]);
                used.add(unpublished.remove());
            }
            boolean expected = calls.wanted(from, released);
            raised = false;
            device.releaseAllBut(kept);
            require(device.call() == expected && raised == expected, "a call just when it was asked for");
        }

        private void poll() {
            int head = driver.poll();
            require(head >= 0 == !used.isEmpty(), "a used chain if there is one");
            if (head < 0) {
                return;
            }
            require(head == used.remove(), "used chains in the device's order");
            Sent sent = byHead[head];
            require(driver.usedLength() == sent.written, "the used length");
            int readable = sent.bytes(0, sent.readable);
            for (int i = 0; i < sent.written; i++) {
                require(peek(sent.addresses[0] + readable + i) == (byte) ~sent.number, "the device's data");
            }
            polled += units(sent);
            byHead[head] = null;
            freeSlots.add(slotOfHead[head]);
            free += slots(sent);
            require(driver.free() == free, "the free descriptors");
        }

        private void wishes() {
            switch (random.nextInt(6)) {
                case 0 -> {
                    device.suppressKicks();
                    kicks.suppress();
                }
                case 1 -> {
                    require(device.awaitKicks() == available.isEmpty(), "the device may sleep");
                    kicks.await(popped);
                }
                case 2 -> {
                    driver.suppressCalls();
                    calls.suppress();
                }
                case 3 -> {
                    require(driver.awaitCalls() == used.isEmpty(), "the driver may sleep");
                    calls.await(polled);
                }
                default ->
                    require(
                            !(device instanceof SplitQueue split) || split.available() > 0 == !available.isEmpty(),
                            "a look without taking");
            }
        }

        private void poke(long address, int bytes, byte value) {
            for (int i = 0; i < bytes; i++) {
                int region = data.regionOf(address + i);
                data.segment(region).set(ValueLayout.JAVA_BYTE, address + i - data.base(region), value);
            }
        }

        private byte peek(long address) {
            int region = data.regionOf(address);
            return data.segment(region).get(ValueLayout.JAVA_BYTE, address - data.base(region));
        }

        /** What one side wants to hear of the other's publications, with counters that never wrap. */
        private final class Wish {
            private boolean suppressed;

            /** A packed ring begins with every event wanted, a split one with the first. */
            private boolean every = packed || !eventIndex;

            private long event;

            void suppress() {
                suppressed = true;
            }

            void await(long next) {
                suppressed = false;
                every = !eventIndex;
                event = next;
            }

            boolean wanted(long from, long to) {
                if (suppressed || from == to) {
                    return false;
                }
                // an event index that nobody moves comes round again with the wrap
                long lap = packed ? 2L * size : 0x10000;
                return every || Math.floorMod(event - from, lap) < to - from;
            }
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("expected " + what);
        }
    }
}
