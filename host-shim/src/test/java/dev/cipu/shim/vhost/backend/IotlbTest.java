package dev.cipu.shim.vhost.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.memory.GuestMemory;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class IotlbTest {
    private static final long PAGE = 4096;
    private static final long HOST = 0x7000_0000_0000L;
    private static final int READ = 1;
    private static final int BOTH = 3;

    private final Iotlb iotlb = new Iotlb();

    private List<String> entries() {
        GuestMemory view = iotlb.view();
        return IntStream.range(0, view.count())
                .mapToObj(i -> "%x+%x@%x %s%s"
                        .formatted(
                                view.base(i),
                                view.size(i),
                                view.host(i) - HOST,
                                view.permits(i, false) ? "r" : "",
                                view.permits(i, true) ? "w" : ""))
                .toList();
    }

    @Test
    void pagesThatContinueEachOtherHereAreOneEntry() {
        assertThat(iotlb.update(0x3000, PAGE, HOST + 0x3000, BOTH)).isFalse();
        assertThat(iotlb.update(0x1000, PAGE, HOST + 0x1000, BOTH)).isFalse();
        assertThat(iotlb.update(0x5000, PAGE, HOST, BOTH)).isFalse();
        assertThat(iotlb.update(0x4000, PAGE, HOST + 0x4000, READ)).isFalse();
        assertThat(iotlb.update(0x2000, PAGE, HOST + 0x2000, BOTH)).isFalse();
        assertThat(entries()).containsExactly("1000+3000@1000 rw", "4000+1000@4000 r", "5000+1000@0 rw");
    }

    @Test
    void whatIsToldAgainChangesNothingAndWhatIsToldOtherwiseDoes() {
        iotlb.update(0x1000, 4 * PAGE, HOST, BOTH);
        assertThat(iotlb.update(0x2000, PAGE, HOST + 0x1000, BOTH)).isFalse();
        assertThat(entries()).containsExactly("1000+4000@0 rw");
        assertThat(iotlb.update(0x2000, PAGE, HOST + 0x9000, BOTH)).isTrue();
        assertThat(entries()).containsExactly("1000+1000@0 rw", "2000+1000@9000 rw", "3000+2000@2000 rw");
        assertThat(iotlb.update(0, 8 * PAGE, HOST, READ)).isTrue();
        assertThat(entries()).containsExactly("0+8000@0 r");
    }

    @Test
    void anInvalidationCutsEntriesAndMayBeAsLongAsTheAddressSpace() {
        iotlb.update(0x1000, 4 * PAGE, HOST, BOTH);
        iotlb.update(-PAGE, PAGE, HOST, BOTH);
        assertThat(iotlb.invalidate(0x8000, PAGE)).isFalse();
        assertThat(iotlb.invalidate(0x2000, PAGE)).isTrue();
        assertThat(entries()).containsExactly("1000+1000@0 rw", "3000+2000@2000 rw", "fffffffffffff000+1000@0 rw");
        assertThat(iotlb.invalidate(0x4000, -1)).as("wraps").isTrue();
        assertThat(entries()).containsExactly("1000+1000@0 rw", "3000+1000@2000 rw");
        assertThat(iotlb.invalidate(0, 0)).isTrue();
        assertThat(entries()).isEmpty();
    }

    @Test
    void entriesThatWrapOrPermitNothingAreRefused() {
        assertThatThrownBy(() -> iotlb.update(-PAGE, 2 * PAGE, HOST, BOTH)).isInstanceOf(RefusedException.class);
        assertThatThrownBy(() -> iotlb.update(0, PAGE, HOST, 0)).isInstanceOf(RefusedException.class);
        assertThatThrownBy(() -> iotlb.update(0, PAGE, HOST, 4)).isInstanceOf(RefusedException.class);
    }

    @Test
    void line61AHundredThousandEntriesTakeBoundedMemory() {
        for (long i = 0; i < 100_000; i++) {
            // every other page, so that nothing is one entry
            iotlb.update(2 * i * PAGE, PAGE, HOST, BOTH);
            assertThat(iotlb.view().count()).isLessThanOrEqualTo(Iotlb.MAX_ENTRIES);
            assertThat(iotlb.view().regionOf(2 * i * PAGE)).isNotNegative();
        }
    }

    @Test
    void anyOrderOfUpdatesAndInvalidationsAgreesWithATableOfPages() {
        Random random = new Random(1);
        long[] host = new long[64];
        for (int i = 0; i < 20_000; i++) {
            int from = random.nextInt(64);
            int to = Math.min(64, from + 1 + random.nextInt(8));
            boolean update = random.nextInt(3) > 0;
            int at = random.nextInt(4) == 0 ? random.nextInt(64) : from;
            if (update) {
                iotlb.update(from * PAGE, (to - from) * PAGE, HOST + at * PAGE, BOTH);
            } else {
                iotlb.invalidate(from * PAGE, (to - from) * PAGE);
            }
            for (int page = from; page < to; page++) {
                host[page] = update ? HOST + (at + page - from) * PAGE : 0;
            }
            for (int page = 0; page < 64; page++) {
                GuestMemory view = iotlb.view();
                int region = view.regionOf(page * PAGE);
                long found = region < 0 ? 0 : view.host(region) + page * PAGE - view.base(region);
                assertThat(found).isEqualTo(host[page]);
            }
        }
    }
}
