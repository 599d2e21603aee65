package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.assembly.EndpointSpec.Mode;
import dev.cipu.shim.assembly.EndpointSpec.Transport;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be said of virtual functions, and what follows from it for each. */
class VirtualSpecTest {
    private static NetSpec net(String more) {
        return (NetSpec) Described.net("socket=/tmp/a,transport=vfio-user," + more)
                .devices()
                .getFirst();
    }

    private static CardSpec blk(String more) {
        return Described.blk("socket=/tmp/b,transport=vfio-user,store=mem:1M," + more);
    }

    @Test
    void aVirtualFunctionIsADeviceBesideItsPhysicalOne() {
        NetSpec physical = net("vfs=2,mac=52:54:00:00:00:01,queues=4,mtu=9000,coalesce=on,doorbells=trapped");
        assertThat(physical.virtuals().total()).isEqualTo(2);
        NetSpec second = physical.virtual(1);
        assertThat(second)
                .isEqualTo(new NetSpec(
                        "net0.vf1",
                        new EndpointSpec(Mode.SERVER, Path.of("/tmp/a.vf1"), -1, Transport.VFIO_USER_TRAPPED),
                        second.mac(),
                        4,
                        9000,
                        "sw0",
                        physical.speed(),
                        physical.duplex(),
                        false,
                        true,
                        FeatureChoice.EVERYTHING,
                        VirtualSpec.NONE));
        assertThat(physical.withVirtuals()).containsExactly(physical, physical.virtual(0), second);
        assertThat(net("mtu=1500").withVirtuals()).hasSize(1);
    }

    @Test
    void addressesAreMadeUpOrCountedOn() {
        NetSpec madeUp = net("vfs=2");
        assertThat(madeUp.virtual(0).mac())
                .startsWith("02:c1:")
                .isEqualTo(net("vfs=2").virtual(0).mac())
                .isNotEqualTo(madeUp.virtual(1).mac())
                .isNotEqualTo(madeUp.mac());
        NetSpec counted = net("vfs=256,vf-mac=52:54:00:00:00:F0");
        assertThat(counted.virtual(0).mac()).isEqualTo("52:54:00:00:00:f0");
        assertThat(counted.virtual(255).mac()).isEqualTo("52:54:00:00:01:ef");
    }

    @Test
    void eachDiskHasAStoreOfItsOwn() {
        CardSpec card = blk("vfs=2,vf-store=file:/srv/vf%d.img,vf-size=64k,direct=on,serial=a-serial-number-of20");
        assertThat(card.stores())
                .containsEntry("blk0", new StoreSpec.Memory(1 << 20))
                .containsEntry("blk0.vf0", new StoreSpec.OnFile(Path.of("/srv/vf0.img"), true, false, 1 << 16))
                .containsEntry("blk0.vf1", new StoreSpec.OnFile(Path.of("/srv/vf1.img"), true, false, 1 << 16));
        BlkSpec second = (BlkSpec) card.devices().getFirst().virtual(1);
        assertThat(second)
                .returns("blk0.vf1", BlkSpec::id)
                .returns("blk0.vf1", BlkSpec::store)
                .returns("a-serial-number-.vf1", BlkSpec::serial);
        assertThat(CardSpecBuilder.of(card).without("blk0").build().stores()).isEmpty();
        assertThat(blk("vfs=3,vf-store=mem:4M").stores())
                .hasSize(4)
                .containsEntry("blk0.vf2", new StoreSpec.Memory(4 << 20));
    }

    @Test
    void disksMayHaveOneStoreInCommon() {
        CardSpec card = Described.yaml("""
                stores: {golden: {store: file:/srv/golden.img, ro: on}}
                devices:
                  - {kind: blk, socket: /b, transport: vfio-user, store: mem:1M, vfs: 2, vf-store: golden}
                """);
        DeviceSpec physical = card.devices().getFirst();
        assertThat(List.of(physical.virtual(0), physical.virtual(1)))
                .extracting(each -> ((BlkSpec) each).store())
                .containsOnly("golden");
        assertThat(CardSpecBuilder.of(card).without("blk0").build().stores()).containsOnlyKeys("golden");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            socket=/a,vfs=2                                    | 'vfs' is of transport=vfio-user; add that
            fd=3,transport=vfio-user,vfs=2                     | 'vfs' needs a path beside which
            socket=/a,transport=vfio-user,vfs=257              | 'vfs' is '257'; give a number from 0 to 256
            socket=/a,transport=vfio-user,vfs=-1               | 'vfs' is '-1'
            socket=/a,transport=vfio-user,vf-mac=52:54:00:00:00:00 | 'vf-mac' is for devices with virtual functions; add
            socket=/a,transport=vfio-user,vfs=2,vf-mac=53:54:00:00:00:00 | 'vf-mac' is a group address
            socket=/a,transport=vfio-user,vfs=2,vf-mac=fe:ff:ff:ff:ff:ff | 'vf-mac' leaves no room for 2
            socket=/a,transport=vfio-user,vfs=2,mac=52:54:00:00:00:01,vf-mac=52:54:00:00:00:00 | of the device itself
            socket=/a,transport=vfio-user,vfs=100,id=a-name-of-twenty-eight-chars| no room for '.vf99' behind it
            socket=/a,transport=vfio-user,vfs=2,vf-store=mem:1M | unknown key 'vf-store'
            """)
    void whatANetworkDeviceCannotHaveIsSaid(String keys, String message) {
        assertThatThrownBy(() -> Described.net(keys))
                .isInstanceOf(CardSpecException.class)
                .hasMessageStartingWith("--net: ")
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            vfs=2                                     | 'vf-store' is missing; add for example vf-store=mem:64M
            vf-store=mem:1M                           | 'vf-store' is for devices with virtual functions
            vfs=2,vf-store=file:/srv/vf.img           | 'vf-store' names one file for 2 functions; put %d where
            vfs=2,vf-store=mem:7                      | 'vf-store' has 7 bytes
            vfs=2,vf-store=mem:1M,vf-size=1M          | 'vf-size' is for files
            vfs=2,vf-store=other                      | 'vf-store' names no store 'other'
            vfs=2,vf-store=mem:1M,direct=on           | 'direct' is for files
            vfs=2,vf-store=tape:1                     | 'vf-store' is 'tape:1'
            """)
    void whatADiskCannotHaveIsSaid(String keys, String message) {
        assertThatThrownBy(() -> blk(keys))
                .isInstanceOf(CardSpecException.class)
                .hasMessageStartingWith("--blk: ")
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            socket=/a.vf1             | another device is at /a.vf1 already
            socket=/b,id=net0.vf0     | net0.vf0: a virtual function and a device have this name
            """)
    void namesAndPlacesOfVirtualFunctionsAreTaken(String other, String message) {
        CardSpecBuilder card = new CardSpecBuilder()
                .net(KeyValues.parse("--net", "socket=/a,transport=vfio-user,vfs=2"))
                .net(KeyValues.parse("--net", other));
        assertThatThrownBy(card::build).isInstanceOf(CardSpecException.class).hasMessageContaining(message);
    }

    @Test
    void zonesNeedAStoreOfTheirOwn() {
        assertThatThrownBy(() -> Described.yaml("""
                        stores: {s: mem:64M}
                        devices:
                          - {kind: blk, socket: /b, transport: vfio-user, store: mem:1M, vfs: 2, vf-store: s, zoned: host-managed}
                        """))
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining("has zones and cannot be shared with blk0.vf1");
        assertThat(blk("vfs=2,vf-store=mem:64M,zoned=host-managed").devices()).hasSize(1);
    }

    @Test
    void theCardBoundsThem() {
        assertThatThrownBy(() -> new CardSpecBuilder()
                        .card("--card", "bm-hive")
                        .net(KeyValues.parse("--net", "socket=/a,transport=vfio-user,vfs=1"))
                        .build())
                .hasMessageContaining("net0: key 'vfs' is 1")
                .hasMessageContaining("functions.virtual 0 functions [A] (assumed")
                .hasMessageContaining("choose another card");
        CardSpecBuilder two = new CardSpecBuilder()
                .card("--card", "cipu-1")
                .net(KeyValues.parse("--net", "socket=/a,transport=vfio-user,vfs=200"))
                .net(KeyValues.parse("--net", "socket=/b,transport=vfio-user,vfs=200"));
        assertThatThrownBy(two::build)
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining("400 virtual functions, and card cipu-1 has functions.virtual");
    }
}
