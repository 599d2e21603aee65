package dev.cipu.virtio.ring;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.Seed;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.SplitDriver;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.memory.GuestMemory.Region;
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
 * what the device uses comes back in the order of use, and each side is woken exactly when it asked to be.
 */
class RingPropertyTest {
    private static final int STEPS = 400_000;
    private static final int MAX_PARTS = 6;
    private static final int SLOT = 64;
    private static final long DATA = 0x40_0000;

    @ParameterizedTest(name = "size {0}, indirect {1}, event index {2}")
    @CsvSource({
        "1,false,false",
        "1,true,true",
        "2,false,true",
        "4,true,false",
        "8,true,true",
        "64,false,false",
        "64,true,true",
        "256,false,true",
        "1024,true,true",
        "1024,false,false",
        "32768,false,true",
        "32768,true,false",
    })
    @Conforms({"SR-012", "SR-013", "SR-015"})
    void halvesAgreeWithTheModel(int size, boolean indirect, boolean eventIndex) {
        long seed = Seed.get();
        try {
            new Run(size, indirect, eventIndex, new Random(seed)).steps();
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
        private final SplitDriver driver;
        private final SplitQueue device;
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
        private final ArrayDeque<Integer> unpublished = new ArrayDeque<>();
        private final ArrayDeque<Integer> used = new ArrayDeque<>();
        private final Wish kicks = new Wish();
        private final Wish calls = new Wish();
        private int free;
        private long added;
        private long popped;
        private long polled;
        private boolean raised;

        Run(int size, boolean indirect, boolean eventIndex, Random random) {
            this.size = size;
            this.indirect = indirect;
            this.eventIndex = eventIndex;
            this.random = random;
            FeatureSet features = FeatureSet.of(RingFeature.VERSION_1);
            if (indirect) {
                features = features.with(RingFeature.INDIRECT_DESC);
            }
            if (eventIndex) {
                features = features.with(RingFeature.EVENT_IDX);
            }
            Arena arena = Arena.ofAuto();
            long ringBytes = SplitDriver.bytes(size, MAX_PARTS);
            MemorySegment area = arena.allocate(ringBytes, 16);
            driver = new SplitDriver(area, 0, size, features, MAX_PARTS);
            // buffers lie in two regions whose border cuts a slot
            long dataBytes = (long) (size + 1) * SLOT;
            long border = dataBytes / 2 / SLOT * SLOT + 29;
            data = GuestMemory.of(List.of(
                    new Region(0, 0, area),
                    new Region(DATA, DATA, arena.allocate(border)),
                    new Region(DATA + border, DATA + border, arena.allocate(dataBytes - border))));
            device = new SplitQueueBuilder()
                    .size(size)
                    .features(features)
                    .memory(data)
                    .rings(
                            area.asSlice(driver.descriptorAddress()),
                            area.asSlice(driver.availAddress()),
                            area.asSlice(driver.usedAddress()))
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
                int kind = random.nextInt(8);
                for (int burst = 1 + random.nextInt(Math.min(2 * size, 3000)); burst > 0; burst--) {
                    step++;
                    switch (kind) {
                        case 0, 1 -> add();
                        case 2 -> showAvailable();
                        case 3 -> pop();
                        case 4 -> push();
                        case 5 -> showUsed();
                        case 6 -> poll();
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

        private void add() {
            int parts = 1 + random.nextInt(MAX_PARTS);
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
            Sent sent = new Sent(added++, addresses, lengths, readable);
            byHead[head] = sent;
            slotOfHead[head] = freeSlots.remove();
            free -= need;
            hidden.add(head);
            poke(addresses[0], sent.bytes(0, readable), (byte) sent.number);
        }

        private void showAvailable() {
            long from = added - hidden.size();
            boolean expected = kicks.wanted(from, added);
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
            popped++;
            require(chain.head() == head, "chains in the driver's order");
            require(device.lastAvail() == (int) (popped % 0x10000), "the count of chains");
            Sent sent = byHead[head];
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

        private void push() {
            if (taken.isEmpty()) {
                return;
            }
            // in any order
            int last = taken.size() - 1;
            int index = random.nextInt(taken.size());
            int head = taken.set(index, taken.get(last));
            taken.removeLast();
            device.push(head, byHead[head].written);
            unpublished.add(head);
        }

        private void showUsed() {
            long from = polled + used.size();
            boolean expected = calls.wanted(from, from + unpublished.size());
            used.addAll(unpublished);
            unpublished.clear();
            raised = false;
            require(device.publish() == expected && raised == expected, "a call just when it was asked for");
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
            polled++;
            byHead[head] = null;
            freeSlots.add(slotOfHead[head]);
            free += indirect && sent.lengths.length > 1 ? 1 : sent.lengths.length;
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
                default -> require(device.available() > 0 == !available.isEmpty(), "a look without taking");
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
            private long event;

            void suppress() {
                suppressed = true;
            }

            void await(long next) {
                suppressed = false;
                event = next;
            }

            boolean wanted(long from, long to) {
                if (suppressed || from == to) {
                    return false;
                }
                // an event index that nobody moves comes round again with the wrap
                return !eventIndex || Math.floorMod(event - from, 0x10000L) < to - from;
            }
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("expected " + what);
        }
    }
}
