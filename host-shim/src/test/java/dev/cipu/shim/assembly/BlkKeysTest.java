package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be said of a disk. */
class BlkKeysTest {
    @Test
    void everyKeyOfABlockDeviceCounts() {
        CardSpec card = Described.blk(
                "socket=/tmp/b,store=file:/srv/d,,1.img,direct=on,ro=on,size=1G,queues=2,serial=S1,block-size=4096");

        assertThat(card.devices())
                .containsExactly(
                        new BlkSpec("blk0", EndpointSpec.server(Path.of("/tmp/b")), "blk0", true, 2, "S1", 4096));
        assertThat(card.stores())
                .containsEntry("blk0", new StoreSpec.OnFile(Path.of("/srv/d,1.img"), true, true, 1L << 30));
    }

    @Test
    void whatMostDisksDoWithout() {
        CardSpec card = Described.blk(
                "socket=/tmp/b,store=mem:64M,zoned=host-managed,zone-size=1M,zones-conventional=2,max-open=3,"
                        + "max-active=4,secure-erase=on,lifetime=1T,worn=5G,opt-io=64k");
        assertThat(((BlkSpec) card.devices().getFirst()).options())
                .isEqualTo(new DiskOptions(new ZoneSpec(true, 1 << 20, 2, 3, 4), 1L << 40, 5L << 30, true, 64 << 10));
        assertThat(((BlkSpec) Described.blk("socket=/tmp/b,store=mem:64M,zoned=host-aware")
                                .devices()
                                .getFirst())
                        .options()
                        .zones())
                .isEqualTo(new ZoneSpec(false, 16 << 20, 0, 0, 0));
        assertThat(((BlkSpec) Described.blk("socket=/tmp/b,store=mem:64M,zoned=off")
                                .devices()
                                .getFirst())
                        .options())
                .isEqualTo(DiskOptions.NONE);
    }

    @Test
    void aStoreWithZonesHasOneDevice() {
        assertThatThrownBy(() -> Described.yaml("""
                        stores: {s: mem:64M}
                        devices:
                          - {kind: blk, socket: /a, store: s, zoned: host-managed}
                          - {kind: blk, socket: /b, store: s}
                        """))
                .isInstanceOf(CardSpecException.class)
                .hasMessage("blk0: its store 's' has zones and cannot be shared with blk1; give each its own");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            socket=/tmp/a                                   | 'store' is missing
            socket=/tmp/a,store=mem:                        | 'store' has a bad size
            socket=/tmp/a,store=mem:0                       | 'store' has 0 bytes; give a multiple of 4k
            socket=/tmp/a,store=mem:1000                    | 'store' has 1000 bytes
            socket=/tmp/a,store=tape:1                      | 'store' is 'tape:1'; write mem:SIZE
            socket=/tmp/a,store=root                        | names no store 'root'
            socket=/tmp/a,store=file:                       | 'store' names no file
            socket=/tmp/a,store=mem:1M,direct=on            | 'direct' is for files
            socket=/tmp/a,store=mem:1M,ro=maybe             | 'ro' is 'maybe'; say on or off
            socket=/tmp/a,store=mem:1M,block-size=1000      | 'block-size' is 1000
            socket=/tmp/a,store=mem:1M,serial=123456789012345678901 | 'serial' is
            socket=/tmp/a,store=mem:1M,mac=52:54:00:00:00:01 | unknown key 'mac'
            socket=/tmp/a,store=mem:1M,features=virtnet     | 'virtnet', which is of another kind of device; say software
            socket=/tmp/a,store=mem:1M,zoned=yes            | 'zoned' is 'yes'; say host-managed or host-aware or off
            socket=/tmp/a,store=mem:1M,zone-size=64k        | 'zone-size' is for disks with zones; add zoned=
            socket=/tmp/a,store=mem:1M,max-active=1         | 'max-active' is for disks with zones
            socket=/tmp/a,store=mem:1M,zoned=host-aware,max-open=1   | 'max-open' is for host-managed zones
            socket=/tmp/a,store=mem:1M,zoned=host-aware,max-active=1 | 'max-active' is for host-managed zones
            socket=/tmp/a,store=mem:1M,zoned=host-managed,max-open=3,max-active=2 | 'max-open' is more than max-active
            socket=/tmp/a,store=mem:1M,zoned=host-managed,zone-size=96k | 'zone-size' has 98304 bytes; give a power of two
            socket=/tmp/a,store=mem:1M,zoned=host-managed,zone-size=32k | 'zone-size' has 32768 bytes
            socket=/tmp/a,store=mem:1M,zoned=host-managed,ro=on | 'zoned' is of no use on a disk that cannot be written
            socket=/tmp/a,store=mem:1M,secure-erase=on,ro=on | 'secure-erase' is of no use
            socket=/tmp/a,store=mem:1M,worn=1M              | 'worn' is for disks with a lifetime
            socket=/tmp/a,store=mem:1M,lifetime=0           | 'lifetime' is no byte
            socket=/tmp/a,store=mem:1M,lifetime=long        | 'lifetime' has a bad size
            socket=/tmp/a,store=mem:1M,opt-io=1000          | 'opt-io' has 1000 bytes; give a multiple
            """)
    void aWrongBlockDeviceIsToldWhatIsWrongAndHowToMendIt(String options, String message) {
        assertThatThrownBy(() -> Described.blk(options))
                .isInstanceOf(CardSpecException.class)
                .hasMessageStartingWith("--blk: ")
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }
}
