package dev.cipu.virtio.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.memory.GuestMemory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class GuestMemoryTest {
    private static Region region(long guest, long user, long bytes) {
        return new Region(guest, user, Arena.ofAuto().allocate(bytes));
    }

    private final Region low = region(0x1000, 0x7000_0000L, 0x1000);
    private final Region next = region(0x2000, 0x6000_0000L, 0x1000);
    private final Region top = region(-0x1000, 0x5000_0000L, 0x1000);
    private final GuestMemory memory = GuestMemory.of(List.of(top, next, low));

    @Test
    void regionsAreSortedByUnsignedAddress() {
        assertThat(memory.regions()).containsExactly(low, next, top);
        assertThat(memory.size()).isEqualTo(0x3000);
        assertThat(memory.base(2)).isEqualTo(-0x1000);
        assertThat(memory.size(1)).isEqualTo(0x1000);
        assertThat(memory.segment(0)).isEqualTo(low.segment());
    }

    @Test
    void everyByteHasItsRegion() {
        long[] addresses = {0xfff, 0x1000, 0x1fff, 0x2000, 0x2fff, 0x3000, -0x1001, -0x1000, -1, 0, Long.MIN_VALUE};
        int[] regions = {-1, 0, 0, 1, 1, -1, -1, 2, 2, -1, -1};
        for (int i = 0; i < addresses.length; i++) {
            assertThat(memory.regionOf(addresses[i]))
                    .as(Long.toHexString(addresses[i]))
                    .isEqualTo(regions[i]);
        }
    }

    @Test
    void rangesLieInOneRegion() {
        assertThat(memory.guestRange(0x1000, 0x1000)).isEqualTo(low.segment());
        assertThat(memory.guestRange(0x1fff, 1)).isEqualTo(low.segment().asSlice(0xfff));
        assertThat(memory.guestRange(0x1fff, 2)).as("over two regions").isNull();
        assertThat(memory.guestRange(-1, 2)).as("beyond 2^64").isNull();
        assertThat(memory.guestRange(0x1000, Long.MAX_VALUE)).isNull();
        assertThat(memory.guestRange(0x1000, -1)).isNull();
        assertThat(memory.guestRange(0x3000, 0)).isNull();
    }

    @Test
    void userAddressesAreAnotherSpace() {
        assertThat(memory.userRange(0x7000_0010L, 0x10)).isEqualTo(low.segment().asSlice(0x10, 0x10));
        assertThat(memory.userRange(0x5000_0000L, 0x1000)).isEqualTo(top.segment());
        assertThat(memory.userRange(0x1000, 1)).as("a guest address").isNull();
        assertThat(memory.guestRange(0x7000_0010L, 1)).as("a user address").isNull();
        assertThat(memory.userRange(0x7000_0001L, 0x1000)).isNull();
    }

    @Test
    void overlapsAndEmptyRegionsAreRefused() {
        assertRefused(low, region(0x1fff, 0, 1));
        assertRefused(low, region(0x1000, 0, 0x1000));
        assertRefused(low, region(0, 0, 0x1001));
        assertRefused(region(0, 0, 0x10000), low);
        assertRefused(new Region(0x1000, 0, MemorySegment.NULL));
        assertRefused(region(-0x10, 0, 0x11));
        assertRefused(top, region(-1, 0, 1));
        assertThat(GuestMemory.of(List.of(region(0, 0, 0x1000), low)).size()).isEqualTo(0x2000);
    }

    private static void assertRefused(Region... regions) {
        List<Region> list = List.of(regions);
        assertThatThrownBy(() -> GuestMemory.of(list)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void emptyMemoryHoldsNothing() {
        assertThat(GuestMemory.EMPTY.regionOf(0)).isEqualTo(-1);
        assertThat(GuestMemory.EMPTY.guestRange(0, 0)).isNull();
        assertThat(GuestMemory.EMPTY.userRange(0, 0)).isNull();
        assertThat(GuestMemory.EMPTY.size()).isZero();
    }
}
