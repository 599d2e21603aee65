package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.assembly.EndpointSpec.Mode;
import dev.cipu.shim.assembly.SwitchSpec.Uplink;
import dev.cipu.virtio.FeaturePreset;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetTraits;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CardSpecTest {
    private static CardSpec net(String options) {
        return new CardSpecBuilder().net(KeyValues.parse("--net", options)).build();
    }

    private static CardSpec blk(String options) {
        return new CardSpecBuilder().blk(KeyValues.parse("--blk", options)).build();
    }

    private static CardSpec yaml(String text) {
        CardSpecBuilder builder = new CardSpecBuilder();
        CardYaml.read("card.yaml", text, builder);
        return builder.build();
    }

    @Test
    void aNetworkDeviceNeedsOnlyASocket() {
        CardSpec card = net("socket=/tmp/a");

        NetSpec net = (NetSpec) card.devices().getFirst();
        assertThat(net.id()).isEqualTo("net0");
        assertThat(net.endpoint()).isEqualTo(EndpointSpec.server(Path.of("/tmp/a")));
        assertThat(net.queues()).isEqualTo(1);
        assertThat(net.mtu()).isEqualTo(1500);
        assertThat(net.macBytes()).hasSize(6);
        assertThat(net.macBytes()[0] & 3)
                .as("locally administered, one station")
                .isEqualTo(2);
        assertThat(card.switches()).containsExactly(new SwitchSpec("sw0", Uplink.NONE));
        assertThat(card.cores()).isEmpty();
    }

    @Test
    void aMadeUpAddressIsTheSameEveryTimeAndAnotherForEachDevice() {
        CardSpec two = new CardSpecBuilder()
                .net(KeyValues.parse("--net", "socket=/tmp/a"))
                .net(KeyValues.parse("--net", "socket=/tmp/b"))
                .build();

        assertThat(((NetSpec) two.devices().get(0)).mac())
                .isEqualTo(((NetSpec) net("socket=/tmp/a").devices().getFirst()).mac());
        assertThat(((NetSpec) two.devices().get(1)).mac())
                .isNotEqualTo(((NetSpec) two.devices().get(0)).mac());
    }

    @Test
    void everyKeyOfANetworkDeviceCounts() {
        CardSpec card =
                net("socket=/tmp/a,id=eth,mac=52:54:00:AB:cd:01,queues=4,mtu=9000,switch=lan,mode=client,speed=25000,"
                        + "duplex=half,standby=on,coalesce=on");

        assertThat(card.devices())
                .containsExactly(new NetSpec(
                        "eth",
                        new EndpointSpec(Mode.CLIENT, Path.of("/tmp/a"), -1),
                        "52:54:00:ab:cd:01",
                        4,
                        9000,
                        "lan",
                        25_000,
                        NetTraits.HALF_DUPLEX,
                        true,
                        true,
                        FeatureChoice.EVERYTHING));
        assertThat(card.switches()).containsExactly(new SwitchSpec("lan", Uplink.NONE));
    }

    @Test
    void aDeviceWithASpeedIsFullDuplexUnlessToldOtherwise() {
        NetSpec fast = (NetSpec) net("socket=/tmp/a,speed=100000").devices().getFirst();
        assertThat(fast.duplex()).isEqualTo(NetTraits.FULL_DUPLEX);
        NetSpec silent = (NetSpec) net("socket=/tmp/a").devices().getFirst();
        assertThat(silent.speed()).isEqualTo(NetTraits.UNKNOWN_SPEED);
        assertThat(silent.duplex()).isEqualTo(NetTraits.UNKNOWN_DUPLEX);
    }

    @Test
    void everyKeyOfABlockDeviceCounts() {
        CardSpec card = blk(
                "socket=/tmp/b,store=file:/srv/d,,1.img,direct=on,ro=on,size=1G,queues=2,serial=S1,block-size=4096");

        assertThat(card.devices())
                .containsExactly(
                        new BlkSpec("blk0", EndpointSpec.server(Path.of("/tmp/b")), "blk0", true, 2, "S1", 4096));
        assertThat(card.stores())
                .containsEntry("blk0", new StoreSpec.OnFile(Path.of("/srv/d,1.img"), true, true, 1L << 30));
    }

    @Test
    void featuresAreAPresetWithSomeMoreAndSomeLess() {
        assertThat(featuresOf(net("socket=/a"))).isEqualTo(FeatureChoice.EVERYTHING);
        assertThat(featuresOf(blk("socket=/b,store=mem:1M"))).isEqualTo(FeatureChoice.EVERYTHING);
        FeatureChoice card = featuresOf(net("socket=/a,features=virtnet+EVENT_IDX-CSUM"));
        assertThat(card.preset()).isEqualTo(FeaturePreset.VIRTNET);
        assertThat(card.allowed())
                .isEqualTo(FeaturePreset.VIRTNET
                        .allowed()
                        .with(RingFeature.EVENT_IDX)
                        .without(NetFeature.CSUM));
        assertThat(featuresOf(blk("socket=/b,store=mem:1M,features=-flush-EVENT_IDX"))
                        .removed())
                .isEqualTo(FeatureSet.of(BlkFeature.FLUSH, RingFeature.EVENT_IDX));
        assertThat(featuresOf(net("socket=/a,features=+MAC-MAC")))
                .isEqualTo(featuresOf(net("socket=/a,features=-MAC")));
    }

    private static FeatureChoice featuresOf(CardSpec card) {
        return card.devices().getFirst().features();
    }

    @Test
    void aDeviceOffersWhatItsDescriptionAllows() {
        FeatureChoice choice = featuresOf(net("socket=/a,features=virtnet-MTU"));
        NetSpec spec = new NetSpec("n", EndpointSpec.EMBEDDED, "02:00:00:00:00:01", 1, 1500, "sw0").offering(choice);
        NetDevice device = new NetDevice(spec.macBytes(), 1500, 1);
        FeatureSet before = device.offered();
        choice.restrict(spec, device);
        assertThat(device.offered())
                .isEqualTo(before.and(FeaturePreset.VIRTNET.allowed()).without(NetFeature.MTU));
    }

    @Test
    void whatADeviceCannotOfferAndWhatItNeedsIsSaid() {
        FeatureChoice choice = featuresOf(net("socket=/a,features=+SR_IOV"));
        NetSpec net = new NetSpec("n", EndpointSpec.EMBEDDED, "02:00:00:00:00:01", 1, 1500, "sw0").offering(choice);
        assertThatThrownBy(() -> choice.restrict(net, new NetDevice(net.macBytes(), 1500, 1)))
                .isInstanceOf(CardSpecException.class)
                .hasMessage("n: this device cannot offer SR_IOV; leave that out of features");
        FeatureChoice less = featuresOf(blk("socket=/b,store=mem:1M,features=-MQ"));
        BlkSpec blk = new BlkSpec("b", EndpointSpec.EMBEDDED, "m", false, 2, "s", 512, DiskOptions.NONE, less);
        assertThatThrownBy(() ->
                        less.restrict(blk, new BlkDevice(BlkTraits.of(2048).withQueues(2))))
                .isInstanceOf(CardSpecException.class)
                .hasMessage("b: several queues need the feature MQ; allow it in features, or say queues=1");
    }

    @Test
    void whatMostDisksDoWithout() {
        CardSpec card =
                blk("socket=/tmp/b,store=mem:64M,zoned=host-managed,zone-size=1M,zones-conventional=2,max-open=3,"
                        + "max-active=4,secure-erase=on,lifetime=1T,worn=5G,opt-io=64k");
        assertThat(((BlkSpec) card.devices().getFirst()).options())
                .isEqualTo(new DiskOptions(new ZoneSpec(true, 1 << 20, 2, 3, 4), 1L << 40, 5L << 30, true, 64 << 10));
        assertThat(((BlkSpec) blk("socket=/tmp/b,store=mem:64M,zoned=host-aware")
                                .devices()
                                .getFirst())
                        .options()
                        .zones())
                .isEqualTo(new ZoneSpec(false, 16 << 20, 0, 0, 0));
        assertThat(((BlkSpec) blk("socket=/tmp/b,store=mem:64M,zoned=off")
                                .devices()
                                .getFirst())
                        .options())
                .isEqualTo(DiskOptions.NONE);
    }

    @Test
    void aStoreWithZonesHasOneDevice() {
        assertThatThrownBy(() -> yaml("""
                        stores: {s: mem:64M}
                        devices:
                          - {kind: blk, socket: /a, store: s, zoned: host-managed}
                          - {kind: blk, socket: /b, store: s}
                        """))
                .isInstanceOf(CardSpecException.class)
                .hasMessage("blk0: its store 's' has zones and cannot be shared with blk1; give each its own");
    }

    @Test
    void aListeningDescriptorNeedsNoPath() {
        EndpointSpec endpoint = net("fd=7").devices().getFirst().endpoint();

        assertThat(endpoint).isEqualTo(new EndpointSpec(Mode.INHERITED, null, 7));
        assertThat(endpoint.name()).isEqualTo("fd:7");
    }

    @Test
    void aDeviceIsAPciFunctionWhereItIsSaid() {
        assertThat(net("socket=/tmp/a,transport=vhost-user")
                        .devices()
                        .getFirst()
                        .endpoint())
                .isEqualTo(EndpointSpec.server(Path.of("/tmp/a")));
        assertThat(net("socket=/tmp/a,transport=vfio-user").devices().getFirst().endpoint())
                .isEqualTo(new EndpointSpec(Mode.SERVER, Path.of("/tmp/a"), -1, EndpointSpec.Transport.VFIO_USER));
        assertThat(net("socket=/tmp/a,transport=vfio-user,doorbells=mapped")
                        .devices()
                        .getFirst()
                        .endpoint()
                        .transport())
                .isEqualTo(EndpointSpec.Transport.VFIO_USER);
        assertThat(net("fd=7,transport=vfio-user,doorbells=trapped")
                        .devices()
                        .getFirst()
                        .endpoint()
                        .transport())
                .isEqualTo(EndpointSpec.Transport.VFIO_USER_TRAPPED);
    }

    @Test
    void whatIsOfAnotherTransportIsRefused() {
        assertThatThrownBy(() -> net("socket=/tmp/a,transport=pci"))
                .hasMessage("--net: key 'transport' is 'pci'; say vhost-user or vfio-user");
        assertThatThrownBy(() -> net("socket=/tmp/a,transport=vfio-user,mode=client"))
                .hasMessage("--net: key 'mode' is client; leave it out: vfio-user clients connect to the card");
        assertThatThrownBy(() -> net("socket=/tmp/a,doorbells=trapped"))
                .hasMessage("--net: key 'doorbells' is of transport=vfio-user; leave it out");
        assertThatThrownBy(() -> net("socket=/tmp/a,transport=vfio-user,doorbells=off"))
                .hasMessage("--net: key 'doorbells' is 'off'; say mapped or trapped");
    }

    @Test
    void anOptionOutranksTheUplinksOfTheFile() {
        CardSpecBuilder builder = new CardSpecBuilder();
        CardYaml.read("card.yaml", "switches: {a: none}\ndevices: [{kind: net, socket: /x, switch: a}]", builder);

        assertThat(builder.uplink("--uplink", "loopback:").build().switches())
                .containsExactly(new SwitchSpec("a", Uplink.LOOPBACK));
    }

    @Test
    void theFileOfTheManualIsUnderstood() {
        CardSpec card = yaml("""
                cores: [0, 1]
                idle: sleep
                stats: /run/cipu/card.counters
                stores:
                  root: file:/srv/root.img
                  scratch: {store: mem:64M}
                  golden: {store: file:/srv/golden.img, ro: on, direct: on}
                switches:
                  front: {uplink: "loopback:"}
                  back: none
                devices:
                  - {kind: net, socket: /run/cipu/n0, switch: front, queues: 2, mac: 52:54:00:12:34:56}
                  - kind: net
                    socket: /run/cipu/n1
                    switch: back
                  - {kind: blk, socket: /run/cipu/b0, store: root}
                  - {kind: blk, socket: /run/cipu/b1, store: "null:1T", id: void}
                """);

        assertThat(card.cores()).containsExactly(0, 1);
        assertThat(card.idle()).isEqualTo(IdlePolicy.SLEEP);
        assertThat(card.stats()).isEqualTo(Path.of("/run/cipu/card.counters"));
        assertThat(card.switches())
                .containsExactly(new SwitchSpec("front", Uplink.LOOPBACK), new SwitchSpec("back", Uplink.NONE));
        assertThat(card.devices().stream().map(DeviceSpec::id)).containsExactly("net0", "net1", "blk0", "void");
        assertThat(((NetSpec) card.devices().getFirst()).mac()).isEqualTo("52:54:00:12:34:56");
        assertThat(card.stores())
                .containsEntry("root", new StoreSpec.OnFile(Path.of("/srv/root.img"), false, false, 0))
                .containsEntry("golden", new StoreSpec.OnFile(Path.of("/srv/golden.img"), true, true, 0))
                .containsEntry("scratch", new StoreSpec.Memory(64 << 20))
                .containsEntry("void", new StoreSpec.Nothing(1L << 40));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            sokcet=/tmp/a                       | 'socket' is missing
            socket=/tmp/a,sokcet=/tmp/b         | unknown key 'sokcet'; use one of socket
            socket=/tmp/a,socket=/tmp/b         | 'socket' is given twice
            socket=                             | 'socket' has no value
            socket                              | 'socket' is no key=value
            socket=/tmp/a,queues=0              | 'queues' is '0'; give a number from 1 to 64
            socket=/tmp/a,queues=two            | 'queues' is 'two'
            socket=/tmp/a,mtu=67                | 'mtu' is '67'; give a number from 68 to 65535
            socket=/tmp/a,mac=12:34             | 'mac' is '12:34'; write six pairs
            socket=/tmp/a,mac=53:54:00:00:00:01 | 'mac' is a group address
            socket=/tmp/a,mode=peer             | 'mode' is 'peer'; say server or client
            socket=/tmp/a,fd=3,mode=client      | 'fd' is a listening socket
            socket=/tmp/a,fd=-1                 | 'fd' is '-1'
            socket=/tmp/a,id=a b                | 'a b' is no name
            socket=/tmp/a,features=fast         | no preset 'fast', only software and virtnet; choose one of these
            socket=/tmp/a,features=virtnet+WARP | 'features' names 'WARP', which is no feature
            socket=/tmp/a,features=virtnet+     | 'features' is 'virtnet+'; write a preset, then +NAME
            """)
    void aWrongNetworkDeviceIsToldWhatIsWrongAndHowToMendIt(String options, String message) {
        assertThatThrownBy(() -> net(options))
                .isInstanceOf(CardSpecException.class)
                .hasMessageStartingWith("--net: ")
                .hasMessageContaining(message)
                .hasMessageContaining("; ")
                .hasMessageNotContaining("\n");
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
        assertThatThrownBy(() -> blk(options))
                .isInstanceOf(CardSpecException.class)
                .hasMessageStartingWith("--blk: ")
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            devices: 5                                                 | 'devices' is no list
            devices: [5]                                               | 'devices[0]' is no map
            devices: [{socket: /x}]                                    | devices[0]: key 'kind' is missing
            devices: [{kind: gpu, socket: /x}]                         | devices[0]: key 'kind' is 'gpu'; say net, blk or tap
            devices: [{kind: net, socket: /x, colour: 9}]              | devices[0]: unknown key 'colour'; use one of
            devices: [{kind: net, socket: [/x]}]                       | 'devices[0].socket' has no single value
            devices: [{kind: net, socket: }]                           | 'devices[0].socket' has no single value
            device: []                                                 | unknown key 'device'; use one of card, control, cores
            cores: [0, x]                                              | 'x' is no core number
            cores: [1, 1]                                              | core 1 is given twice
            idle: nap                                                  | no policy 'nap'; say spin, backoff or sleep
            stores: {a: mem:1M, a: mem:2M}                             | not YAML
            stores: [mem:1M]                                           | 'stores' is no map of names
            stores: {a: {store: mem:1M, fast: 1}}                      | stores.a: unknown key 'fast'
            switches: {a: {uplink: moon}}                              | no uplink 'moon'; say loopback: or none
            switches: {a: none}\\ndevices: [{kind: net, socket: /x}]   | 'switch' names 'sw0'; declared are a
            a: [\\nb                                                   | not YAML
            just text                                                  | the file is no map
            idle: spin                                                 | the card has no device
            """)
    void aWrongFileIsToldWhatIsWrongAndHowToMendIt(String text, String message) {
        assertThatThrownBy(() -> yaml(text.replace("\\n", "\n")))
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void twoDevicesCannotShareASocketOrAName() {
        CardSpecBuilder sameSocket = new CardSpecBuilder()
                .net(KeyValues.parse("--net", "socket=/tmp/a"))
                .net(KeyValues.parse("--net", "socket=/tmp/a"));
        assertThatThrownBy(sameSocket::build).hasMessageContaining("net1: another device is at /tmp/a");

        CardSpecBuilder sameName = new CardSpecBuilder().net(KeyValues.parse("--net", "socket=/tmp/a,id=x"));
        assertThatThrownBy(() -> sameName.net(KeyValues.parse("--net", "socket=/tmp/b,id=x")))
                .hasMessageContaining("'x' belongs to another device");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            switches: {a: none}\\ndevices: [{kind: net, socket: /x, switch: a, id: a}] | a: a switch and a device
            devices: [{kind: net, socket: /x, id: sw0}]                                | sw0: a switch and a device
            devices: [{kind: net, socket: /x, id: worker0}]                            | worker0: the card's cores
            devices: [{kind: net, socket: /x, switch: worker12}]                       | worker12: the card's cores
            """)
    void twoThatCountCannotShareAName(String text, String message) {
        assertThatThrownBy(() -> yaml(text.replace("\\n", "\n")))
                .isInstanceOf(CardSpecException.class)
                .hasMessageStartingWith(message)
                .hasMessageContaining("; choose another");
        assertThat(net("socket=/x,id=worker").devices().getFirst().id()).isEqualTo("worker");
    }

    @Test
    void aPathTooLongForASocketIsRefused() {
        assertThatThrownBy(() -> net("socket=/tmp/" + "x".repeat(110))).hasMessageContaining("107 bytes");
    }

    @Test
    void coresGivenLaterReplaceThoseGivenBefore() {
        CardSpec card = new CardSpecBuilder()
                .cores("a", "0,1")
                .cores("b", "3")
                .net(KeyValues.parse("--net", "socket=/tmp/a"))
                .build();

        assertThat(card.cores()).isEqualTo(List.of(3));
    }

    @Test
    void anIommuIsOfferedOnlyWhenAskedFor() {
        CardSpec card = new CardSpecBuilder()
                .blk(KeyValues.parse("--blk", "socket=/tmp/a,store=null:4k,iommu=on,features=-IN_ORDER"))
                .blk(KeyValues.parse("--blk", "socket=/tmp/b,store=null:4k"))
                .build();
        for (DeviceSpec spec : card.devices()) {
            BlkDevice device = new BlkDevice(BlkTraits.of(2048));
            spec.features().restrict(spec, device);
            assertThat(device.offered().has(RingFeature.ACCESS_PLATFORM))
                    .isEqualTo(spec.id().equals("blk0"));
        }
    }

    private static TapSpec tap(String keys) {
        return new CardSpecBuilder()
                .tap(KeyValues.parse("--tap", keys))
                .build()
                .taps()
                .getFirst();
    }

    @Test
    void aTapHasTheNameOfItsInterfaceAndANamespaceByNameOrPath() {
        assertThat(tap("name=eth0,netns=web,addr=10.0.0.2/24,mac=02:00:00:00:00:0A,mtu=1400"))
                .isEqualTo(new TapSpec(
                        "tap0",
                        "eth0",
                        "sw0",
                        Path.of("/run/netns/web"),
                        "02:00:00:00:00:0a",
                        new InterfaceAddress(0x0a000002, 24),
                        1400));
        assertThat(tap("id=front,netns=/proc/7/ns/net"))
                .returns("front", TapSpec::name)
                .returns(Path.of("/proc/7/ns/net"), TapSpec::namespace)
                .returns(null, TapSpec::address);
        assertThat(tap("name=eth0,netns=a").mac())
                .isNotEqualTo(tap("name=eth0,netns=b").mac());
        assertThat(tap("mac=02:00:00:00:01:0a").macNumber()).isEqualTo(0x02000000010aL);
        assertThat(new InterfaceAddress(0x0a000002, 24).mask()).isEqualTo(0xffffff00);
        assertThat(new InterfaceAddress(0x0a000002, 0).mask()).isZero();
        assertThat(new InterfaceAddress(0xc0a84d02, 32)).hasToString("192.168.77.2/32");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            name=an-interface-too-long | use up to 15
            name=a/b                   | use up to 15
            addr=10.0.0.2              | write for example 10.0.0.2/24
            addr=10.0.0/8              | write for example
            addr=10.0.0.256/8          | write for example
            addr=10.0.0.2/33           | write for example
            addr=10.0.0.x/8            | write for example
            mtu=20                     | give a number from 68
            socket=/x                  | unknown key 'socket'
            """)
    void aWrongTapIsToldWhatIsWrong(String keys, String message) {
        assertThatThrownBy(() -> tap(keys))
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining(message);
    }

    @Test
    void idsAreSharedByAllKinds() {
        CardSpecBuilder builder = new CardSpecBuilder().net(KeyValues.parse("--net", "id=x,socket=/x"));
        assertThatThrownBy(() -> builder.tap(KeyValues.parse("--tap", "id=x")))
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining("belongs to another device");
        assertThatThrownBy(() -> new CardSpecBuilder()
                        .tap(KeyValues.parse("--tap", "id=sw0"))
                        .build())
                .hasMessageContaining("a switch and a device have this name");
    }

    @Test
    void aCardThatTakesRequestsMayBeginEmptyAndHasASwitch() {
        CardSpec spec = new CardSpecBuilder().control("--control", "/run/c").build();
        assertThat(spec.devices()).isEmpty();
        assertThat(spec.control()).isEqualTo(Path.of("/run/c"));
        assertThat(spec.switches()).containsExactly(new SwitchSpec("sw0", SwitchSpec.Uplink.NONE));
        assertThatThrownBy(() -> new CardSpecBuilder()
                        .control("--control", "/run/c")
                        .net(KeyValues.parse("--net", "socket=/run/c"))
                        .build())
                .hasMessageContaining("another device is at /run/c");
        assertThatThrownBy(() -> new CardSpecBuilder().control("--control", "/" + "x".repeat(107)))
                .hasMessageContaining("1 to 107 bytes");
    }
}
