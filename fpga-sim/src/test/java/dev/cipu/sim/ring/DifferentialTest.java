package dev.cipu.sim.ring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Dice;
import dev.cipu.sim.event.Latency;
import dev.cipu.sim.event.Timeline;
import dev.cipu.sim.link.LinkShape;
import dev.cipu.sim.link.PcieLink;
import dev.cipu.sim.memory.CardMemory;
import dev.cipu.sim.memory.HostMemory;
import dev.cipu.sim.memory.Iotlb;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.driver.DriverQueue;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.ring.RingFormat;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueBuilder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The rings that move real traffic against the engines that time it: the same guest does the same to both, each in a memory of its
 * own, and afterwards chains, payloads, used rings and what the guest got back are the same. The two share no code but layouts.
 */
class DifferentialTest {
    private static final long SEED = 5;
    private static final int ROUNDS = 150;
    private static final int MAX_PARTS = 5;
    private static final int SLOT = 256;
    private static final long BASE = 0x10_0000;

    @ParameterizedTest(name = "{0}, size {1}, indirect {2}, event index {3}, prefetch {4}, line {5}, used batch {6}")
    @CsvSource({
        "SPLIT,1,false,false,1,1,1",
        "SPLIT,2,true,false,4,1,1",
        "SPLIT,8,false,true,4,4,2",
        "SPLIT,16,false,false,16,4,8",
        "SPLIT,64,true,true,16,4,8",
        "SPLIT,256,false,false,16,4,8",
        "SPLIT,1024,true,false,32,8,16",
        "PACKED,1,false,false,1,1,1",
        "PACKED,2,true,false,4,1,1",
        "PACKED,7,false,true,4,1,2",
        "PACKED,16,false,false,16,1,8",
        "PACKED,100,true,true,16,1,8",
        "PACKED,256,false,false,16,1,8",
        "PACKED,1000,true,false,32,1,16",
    })
    void bothDoTheSame(
            RingFormat format, int size, boolean indirect, boolean eventIndex, int prefetch, int line, int usedBatch) {
        try (Arena arena = Arena.ofConfined()) {
            EngineShape shape = new EngineShape(prefetch, line, usedBatch, 300_000, MAX_PARTS, eventIndex);
            new Run(arena, format, size, indirect, eventIndex, shape, SEED).rounds();
        }
    }

    /** A guest's memory with a ring and the driver's half of it. */
    private static final class Guest {
        final MemorySegment memory;
        final DriverQueue driver;
        final long ringBytes;

        Guest(Arena arena, RingFormat format, int size, FeatureSet features) {
            ringBytes = (DriverQueue.bytes(format, size, MAX_PARTS) + 4095) & -4096;
            memory = arena.allocate(ringBytes + (long) SLOT * size, 4096);
            driver = DriverQueue.of(memory.asSlice(0, ringBytes), BASE, size, features, MAX_PARTS);
        }

        long slot(int index) {
            return BASE + ringBytes + (long) SLOT * index;
        }
    }

    private static final class Run implements ChainTaker {
        private final Random random;
        private final int size;
        private final RingFormat format;
        private final Guest real;
        private final Guest timed;
        private final Virtqueue queue;
        private final dev.cipu.virtio.ring.Chain chain = new dev.cipu.virtio.ring.Chain();
        private final Timeline timeline = new Timeline();
        private final PcieLink link;
        private final DescriptorEngine engine;
        private final CardMemory card;

        private final List<String> realChains = new ArrayList<>();
        private final List<String> timedChains = new ArrayList<>();
        private final List<String> realPayloads = new ArrayList<>();
        private final List<String> timedPayloads = new ArrayList<>();
        private final ArrayDeque<Chain> taken = new ArrayDeque<>();
        private final boolean[] slotUsed;
        private final int[] slotOf;
        private int usedSeen;
        private int completed;

        Run(
                Arena arena,
                RingFormat format,
                int size,
                boolean indirect,
                boolean eventIndex,
                EngineShape shape,
                long seed) {
            this.format = format;
            this.size = size;
            random = new Random(seed);
            FeatureSet features = FeatureSet.of(RingFeature.VERSION_1);
            features = format == RingFormat.PACKED ? features.with(RingFeature.RING_PACKED) : features;
            features = indirect ? features.with(RingFeature.INDIRECT_DESC) : features;
            features = eventIndex ? features.with(RingFeature.EVENT_IDX) : features;
            real = new Guest(arena, format, size, features);
            timed = new Guest(arena, format, size, features);
            slotUsed = new boolean[size];
            slotOf = new int[size];
            queue = new VirtqueueBuilder()
                    .size(size)
                    .features(features)
                    .memory(GuestMemory.of(List.of(new GuestMemory.Region(BASE, BASE, real.memory))))
                    .rings(
                            real.driver.descriptorAddress(),
                            real.driver.driverAreaAddress(),
                            real.driver.deviceAreaAddress())
                    .interrupt(() -> {})
                    .build();
            card = new CardMemory(arena.allocate(1 << 21, 64));
            // latencies that change the order of answers, and pages that are not always known
            HostMemory memory = new HostMemory(
                    timed.memory,
                    BASE,
                    Latency.logNormal(130_000, 8, Dice.of(seed, "memory")),
                    new Iotlb(8, 4096, 330_000));
            LinkShape wire = new LinkShape(3, 4, 200_000, 128, 128, 64, 8, 4, 256, 8);
            link = new PcieLink(timeline, wire, memory, card.content());
            engine = DescriptorEngine.of(format, RingPlace.of(timed.driver), shape, timeline, link, card, this);
            engine.allow(size);
        }

        void rounds() {
            for (int round = 0; round < ROUNDS; round++) {
                int added = 0;
                for (int n = 1 + random.nextInt(size); n > 0 && add(); n--) {
                    added++;
                }
                real.driver.publish();
                timed.driver.publish();
                engine.doorbell();
                // the guest goes on while the card is at it
                timeline.runUntil(timeline.now() + random.nextInt(3_000_000));
                settle();
                assertThat(timedChains).as("chains").hasSize(added).isEqualTo(popReal());
                answer(random.nextLong());
                compare();
                reap();
            }
            assertThat(engine.isBroken()).isFalse();
            assertThat(queue.isBroken()).isFalse();
        }

        private void settle() {
            while (timeline.waiting() > 0) {
                timeline.step();
            }
        }

        private boolean add() {
            int slot = 0;
            while (slot < size && slotUsed[slot]) {
                slot++;
            }
            if (slot == size) {
                return false;
            }
            int parts = 1 + random.nextInt(MAX_PARTS);
            int readable = random.nextInt(parts + 1);
            int[] lengths = new int[parts];
            long[] offsets = new long[parts];
            long at = 0;
            for (int i = 0; i < parts; i++) {
                lengths[i] = 1 + random.nextInt(SLOT / MAX_PARTS);
                offsets[i] = at;
                at += lengths[i];
            }
            byte[] data = new byte[SLOT];
            random.nextBytes(data);
            int name = add(real, slot, offsets, lengths, readable, data);
            assertThat(add(timed, slot, offsets, lengths, readable, data)).isEqualTo(name);
            if (name < 0) {
                return false;
            }
            slotUsed[slot] = true;
            slotOf[name] = slot;
            return true;
        }

        private static int add(Guest guest, int slot, long[] offsets, int[] lengths, int readable, byte[] data) {
            long[] addresses = new long[offsets.length];
            for (int i = 0; i < offsets.length; i++) {
                addresses[i] = guest.slot(slot) + offsets[i];
            }
            MemorySegment.copy(data, 0, guest.memory, ValueLayout.JAVA_BYTE, guest.slot(slot) - BASE, SLOT);
            return guest.driver.add(addresses, lengths, readable, lengths.length);
        }

        private List<String> popReal() {
            while (queue.pop(chain)) {
                realChains.add(chain.head() + ": " + chain.readableBytes() + " + " + chain.writableBytes());
                byte[] payload = new byte[(int) chain.readableBytes()];
                chain.read(0, MemorySegment.ofArray(payload), 0, payload.length);
                realPayloads.add(HexFormat.of().formatHex(payload));
                byte[] answer = answer(chain.head(), (int) chain.writableBytes());
                chain.write(0, MemorySegment.ofArray(answer), 0, answer.length);
            }
            return realChains;
        }

        /** What a device writes into a chain. */
        private static byte[] answer(int id, int bytes) {
            byte[] answer = new byte[bytes];
            new Random(id * 31L + bytes).nextBytes(answer);
            return answer;
        }

        @Override
        public void take(Chain read) {
            timedChains.add(read.id() + ": " + read.readableBytes() + " + " + read.writableBytes());
            taken.add(read);
        }

        @Override
        public void used(int count) {
            usedSeen += count;
        }

        /** Moves payloads over the link, then both complete all chains in the same shuffled order. */
        private void answer(long order) {
            List<Chain> chains = new ArrayList<>(taken);
            taken.clear();
            Actor nothing = _ -> {};
            long place = card.allocate(0);
            for (Chain each : chains) {
                int at = 0;
                for (int i = 0; i < each.readable(); i++) {
                    link.read(each.address(i), each.length(i), place + at, nothing, 0);
                    at += each.length(i);
                }
                settle();
                byte[] payload = card.content().asSlice(place, at).toArray(ValueLayout.JAVA_BYTE);
                timedPayloads.add(HexFormat.of().formatHex(payload));
                byte[] answer = answer(each.id(), (int) each.writableBytes());
                MemorySegment.copy(answer, 0, card.content(), ValueLayout.JAVA_BYTE, place, answer.length);
                at = 0;
                for (int i = each.readable(); i < each.count(); i++) {
                    link.write(each.address(i), each.length(i), place + at, nothing, 0);
                    at += each.length(i);
                }
                settle();
            }
            Collections.shuffle(chains, new Random(order));
            for (Chain each : chains) {
                int id = each.id();
                int written = (int) each.writableBytes();
                engine.complete(each, written);
                queue.push(id, written);
                completed++;
            }
            queue.publish();
            settle();
            engine.allow(chains.size());
            assertThat(usedSeen).as("used elements that arrived").isEqualTo(completed);
        }

        private void compare() {
            assertThat(timedPayloads).as("payloads read").isEqualTo(realPayloads);
            for (long at = real.ringBytes; at < real.memory.byteSize(); at += SLOT) {
                assertThat(timed.memory.asSlice(at, SLOT).mismatch(real.memory.asSlice(at, SLOT)))
                        .as("payload of slot " + (at - real.ringBytes) / SLOT)
                        .isEqualTo(-1);
            }
            if (format == RingFormat.SPLIT) {
                // entries and index; the flags are the driver's wish and the device's policy
                long from = real.driver.deviceAreaAddress() - BASE + 2;
                long bytes = 2 + 8L * size;
                assertThat(timed.memory.asSlice(from, bytes).mismatch(real.memory.asSlice(from, bytes)))
                        .as("used ring")
                        .isEqualTo(-1);
            } else {
                for (int i = 0; i < size; i++) {
                    long at = real.driver.descriptorAddress() - BASE + 16L * i + 8;
                    assertThat(timed.memory.get(ValueLayout.JAVA_LONG, at))
                            .as("descriptor " + i)
                            .isEqualTo(real.memory.get(ValueLayout.JAVA_LONG, at));
                }
            }
            realChains.clear();
            timedChains.clear();
            realPayloads.clear();
            timedPayloads.clear();
        }

        private void reap() {
            int name;
            while ((name = real.driver.poll()) >= 0) {
                assertThat(timed.driver.poll()).as("chain that came back").isEqualTo(name);
                assertThat(timed.driver.usedLength()).isEqualTo(real.driver.usedLength());
                slotUsed[slotOf[name]] = false;
            }
            assertThat(timed.driver.poll()).as("no chain more").isEqualTo(-1);
        }
    }
}
