package dev.cipu.sim.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cipu.sim.event.Actor;
import dev.cipu.sim.event.Latency;
import dev.cipu.sim.event.Timeline;
import dev.cipu.sim.memory.Dma;
import dev.cipu.sim.memory.HostMemory;
import dev.cipu.sim.memory.Iotlb;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PcieLinkTest {
    private static final long CROSSING = 200_000;
    private static final long ACCESS = 150_000;
    private static final long MISS = 330_000;

    private final Timeline timeline = new Timeline();
    private final MemorySegment host = MemorySegment.ofArray(new long[1 << 13]);
    private final MemorySegment card = MemorySegment.ofArray(new long[1 << 13]);
    private final List<Long> times = new ArrayList<>();
    private final Actor note = _ -> times.add(timeline.now());

    private PcieLink link(LinkShape shape, Iotlb iotlb) {
        return new PcieLink(timeline, shape, new HostMemory(host, 0, Latency.constant(ACCESS), iotlb), card);
    }

    private PcieLink link(LinkShape shape) {
        return link(shape, new Iotlb(0, 4096, 0));
    }

    private static LinkShape shape(int tags, int postedHeaders, int postedBytes, int dllpBytes) {
        return new LinkShape(3, 8, CROSSING, 256, 512, 64, tags, postedHeaders, postedBytes, dllpBytes);
    }

    private void settle() {
        while (timeline.waiting() > 0) {
            timeline.step();
        }
    }

    /** Picoseconds that bytes take on a Gen3 x8 link. */
    private static double wire(int bytes) {
        return 8e12 * bytes / (8e9 * 8 * 128 / 130);
    }

    /** 24 bytes there, the memory, 84 bytes back. */
    @Test
    void aReadIsARequestAnAccessAndACompletion() {
        PcieLink link = link(shape(32, 64, 16384, 0));
        link.read(0, 64, Dma.NO_DATA, note, 0);
        settle();
        assertThat((double) times.getFirst()).isCloseTo(2 * CROSSING + ACCESS + wire(24 + 84), within(3.0));
        assertThat(link.wireBytesUp()).isEqualTo(24);
        assertThat(link.wireBytesDown()).isEqualTo(84);
        assertThat(link.readBytes()).isEqualTo(64);
    }

    @Test
    void aLargeReadIsSeveralRequests() {
        PcieLink link = link(shape(32, 64, 16384, 0));
        link.read(0, 2048, Dma.NO_DATA, note, 0);
        settle();
        assertThat(times).hasSize(1);
        assertThat(link.wireBytesUp()).isEqualTo(4 * 24);
        assertThat(link.wireBytesDown()).isEqualTo(8 * 20 + 2048);
    }

    /** With one tag there is one round trip after the other. */
    @Test
    void readsWaitForTags() {
        PcieLink one = link(shape(1, 64, 16384, 0));
        for (int i = 0; i < 4; i++) {
            one.read(0, 64, Dma.NO_DATA, note, i);
        }
        settle();
        double roundTrip = 2 * CROSSING + ACCESS + wire(24 + 84);
        assertThat((double) times.getLast()).isCloseTo(4 * roundTrip, within(12.0));
        assertThat((double) one.tags().taken()).isCloseTo(4 * roundTrip, within(12.0));
    }

    /** With enough of them the way back is the limit: 4 KiB are 16 packets. */
    @Test
    void enoughTagsFillTheLink() {
        PcieLink link = link(shape(256, 64, 16384, 0));
        for (int i = 0; i < 1000; i++) {
            link.read(0, 4096, Dma.NO_DATA, note, i);
        }
        settle();
        assertThat((double) times.getLast()).isCloseTo(1000 * wire(4096 + 16 * 20), within(600_000.0));
    }

    @Test
    void acknowledgementsTakeTheOtherDirection() {
        PcieLink link = link(shape(32, 64, 16384, 8));
        link.write(0, 1024, Dma.NO_DATA, note, 0);
        settle();
        assertThat(link.wireBytesUp()).isEqualTo(4 * 24 + 1024);
        assertThat(link.wireBytesDown()).isEqualTo(4 * 8);
    }

    /** Room for one packet: the next goes when its credits have crossed the link back. */
    @Test
    void writesWaitForCredits() {
        PcieLink link = link(shape(32, 1, 256, 0));
        link.write(0, 256, Dma.NO_DATA, note, 0);
        link.write(256, 256, Dma.NO_DATA, note, 1);
        settle();
        double first = wire(280) + CROSSING;
        assertThat((double) times.get(0)).isCloseTo(first, within(3.0));
        assertThat((double) times.get(1)).isCloseTo(2 * first + CROSSING, within(6.0));
        assertThat(link.credits().taken()).isPositive();
    }

    /** Two packets at a time, and the next two when both credits are back; each goes as soon as its own is. */
    @Test
    void aWriteLargerThanAllCreditsGoesInParts() {
        PcieLink link = link(shape(32, 2, 512, 0));
        link.write(0, 1024, Dma.NO_DATA, note, 0);
        link.write(0, 256, Dma.NO_DATA, note, 1);
        settle();
        double round = wire(280) + 2 * CROSSING;
        assertThat((double) times.get(0)).isCloseTo(round + wire(2 * 280) + CROSSING, within(12.0));
        assertThat((double) times.get(1)).isCloseTo(2 * round + wire(280) + CROSSING, within(12.0));
        assertThat(link.writtenBytes()).isEqualTo(1280);
        // five packets, each of which has one of two headers until it is back
        assertThat((double) link.credits().taken()).isCloseTo(5 * round / 2, within(2.0 * wire(280)));
    }

    /** Data is the limit here: a packet of 256 bytes fits beside one of 64, a second one does not. */
    @Test
    void creditsOfDataAreCountedInUnits() {
        PcieLink link = link(shape(32, 8, 320, 0));
        link.write(0, 256, Dma.NO_DATA, note, 0);
        link.write(256, 64, Dma.NO_DATA, note, 1);
        link.write(512, 1, Dma.NO_DATA, note, 2);
        settle();
        assertThat((double) times.get(1)).isCloseTo(wire(280 + 88) + CROSSING, within(6.0));
        assertThat((double) times.get(2)).isCloseTo(wire(280) + 2 * CROSSING + wire(28) + CROSSING, within(12.0));
    }

    @Test
    void aReadDoesNotWaitForWritesBehindIt() {
        PcieLink link = link(shape(32, 64, 16384, 0), new Iotlb(8, 4096, MISS));
        link.read(0, 4, Dma.NO_DATA, note, 0);
        settle();
        long alone = times.getFirst();
        times.clear();
        long begin = timeline.now();
        link.read(0, 4, Dma.NO_DATA, note, 1);
        link.write(8192, 4, Dma.NO_DATA, _ -> {}, 2);
        settle();
        assertThat(times.getFirst() - begin).isEqualTo(alone - MISS);
    }

    /** The second write waits for credits; so does the read behind it, but not for the write behind the read. */
    @Test
    void aReadWaitsForWritesThatWaitForCredits() {
        PcieLink link = link(shape(32, 1, 256, 0));
        List<Long> order = new ArrayList<>();
        Actor who = order::add;
        link.write(0, 256, Dma.NO_DATA, who, 1);
        link.write(0, 256, Dma.NO_DATA, who, 2);
        link.read(0, 4, Dma.NO_DATA, note, 0);
        link.write(0, 256, Dma.NO_DATA, who, 3);
        settle();
        double second = 2 * (wire(280) + CROSSING) + CROSSING;
        assertThat((double) times.getFirst()).isCloseTo(second + wire(24 + 24) + ACCESS + CROSSING, within(12.0));
        assertThat(order).containsExactly(1L, 2L, 3L);
    }

    /** There are always writes that wait, but not always the same. */
    @Test
    void writesDoNotKeepAReadForEver() {
        PcieLink link = link(shape(32, 1, 256, 0));
        Actor again = new Actor() {
            @Override
            public void fire(long left) {
                if (left > 0) {
                    link.write(0, 256, Dma.NO_DATA, this, left - 1);
                }
            }
        };
        link.write(0, 256, Dma.NO_DATA, again, 50);
        link.write(0, 256, Dma.NO_DATA, again, 50);
        link.read(0, 4, Dma.NO_DATA, note, 0);
        settle();
        assertThat((double) times.getFirst()).isLessThan(4 * (wire(280) + 2 * CROSSING));
    }

    /** The first write misses the IOTLB, the second does not, and still arrives later; so does what a read behind them sees. */
    @Test
    void writesStayInOrderAndReadsPushThem() {
        PcieLink link = link(shape(32, 64, 16384, 0), new Iotlb(8, 4096, MISS));
        link.read(8192, 4, Dma.NO_DATA, note, 0);
        settle();
        times.clear();
        card.set(ValueLayout.JAVA_INT, 0, 42);
        card.set(ValueLayout.JAVA_INT, 4, 43);
        List<Long> order = new ArrayList<>();
        Actor who = order::add;
        link.write(0, 4, 0, who, 1);
        link.write(8192, 4, 4, who, 2);
        link.read(8192, 4, 64, who, 3);
        settle();
        assertThat(order).containsExactly(1L, 2L, 3L);
        assertThat(card.get(ValueLayout.JAVA_INT, 64)).isEqualTo(43);
        assertThat(host.get(ValueLayout.JAVA_INT, 0)).isEqualTo(42);
    }

    /** What is read is what is there when the memory answers. */
    @Test
    void dataIsOfTheMomentOfTheAccess() {
        PcieLink link = link(shape(32, 64, 16384, 0));
        link.read(0, 4, 0, note, 0);
        Actor driver = value -> host.set(ValueLayout.JAVA_INT, 0, (int) value);
        timeline.at(CROSSING + ACCESS / 2, driver, 1);
        timeline.at(CROSSING + ACCESS + 100_000, driver, 2);
        settle();
        assertThat(card.get(ValueLayout.JAVA_INT, 0)).isEqualTo(1);
    }

    @Test
    void aDoorbellAndAnInterruptCrossOnce() {
        PcieLink link = link(shape(32, 64, 16384, 0));
        long arrival = link.register(note, 0);
        settle();
        assertThat(times).containsExactly(arrival);
        assertThat((double) arrival).isCloseTo(wire(28) + CROSSING, within(2.0));
        link.interrupt(note, 0);
        settle();
        assertThat((double) times.getLast()).isCloseTo(2 * (wire(28) + CROSSING), within(4.0));
    }

    @Test
    void nothingIsNoTransfer() {
        PcieLink link = link(shape(32, 64, 16384, 0));
        assertThatThrownBy(() -> link.read(0, 0, Dma.NO_DATA, note, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    /** More at a time than the first arrays hold. */
    @Test
    void transfersHaveNoLimit() {
        PcieLink link = link(shape(8, 4, 1024, 8));
        for (int i = 0; i < 1000; i++) {
            link.read(64L * i, 64, 64L * (i % 100), note, i);
            link.write(64L * i, 64, 64L * (i % 100), note, i);
        }
        settle();
        assertThat(times).hasSize(2000);
    }
}
