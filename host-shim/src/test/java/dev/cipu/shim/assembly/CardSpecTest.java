package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.dataplane.journal.Capture;
import dev.cipu.shim.assembly.SwitchSpec.Uplink;
import dev.cipu.shim.trace.TraceRecorder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be said of a card as a whole, on the command line and in a file. */
class CardSpecTest {
    @Test
    void anOptionOutranksTheUplinksOfTheFile() {
        CardSpecBuilder builder = new CardSpecBuilder();
        CardYaml.read("card.yaml", "switches: {a: none}\ndevices: [{kind: net, socket: /x, switch: a}]", builder);

        assertThat(builder.uplink("--uplink", "loopback:").build().switches())
                .containsExactly(new SwitchSpec("a", Uplink.LOOPBACK));
    }

    @Test
    void theFileOfTheManualIsUnderstood() {
        CardSpec card = Described.yaml("""
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

    @Test
    void theExampleHasAllThreeFormsOfCompute() throws IOException {
        CardSpecBuilder builder = new CardSpecBuilder();
        CardYaml.read(Path.of("../docs/examples/topology.yaml"), builder);
        CardSpec card = builder.build();

        assertThat(card.devices().stream()
                        .map(device -> device.id() + " " + device.endpoint().transport()))
                .containsExactly(
                        "vm-disk VHOST_USER",
                        "vm-nic VHOST_USER",
                        "metal-disk VFIO_USER",
                        "metal-nic VFIO_USER",
                        "web-volume VHOST_USER");
        assertThat(card.taps().stream().map(TapSpec::id)).containsExactly("web-nic");
        assertThat(card.control()).isEqualTo(Path.of("/run/cipu/card"));
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
        assertThatThrownBy(() -> Described.yaml(text.replace("\\n", "\n")))
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            devices:\\n- kind: net\\n  socket: /x\\n- kind: net\\n  socket: /y\\n  colour: 9 | 4: devices[1]: unknown key 'colour'
            devices:\\n- {kind: net, socket: /x}\\n- {kind: tap, addr: 10}             | 3: devices[1]: key 'addr'
            devices:\\n- kind: net\\n  socket:\\n  - /x                                | 3: 'devices[0].socket' has no
            idle: nap # wrong, too\\n\\ncores:\\n- 0\\n- [1]                                           | 5: 'cores[1]' has no single value
            stores:\\n  1: mem:1M\\n  b:\\n    store: mem:1M\\n    fast: on             | 3: stores.b: unknown key 'fast'
            switches:\\n  a: none\\n  b: moon                                         | 3: switches.b: uplink: there is no
            cores: 0\\nidle: nap                                                     | 2: idle: there is no policy
            cores: 0\\ncontrol: ''                                                   | 2: control: a socket's path
            cores: 0\\n\\nmotor: on                                                   | 3: unknown key 'motor'
            cores: 0\\na: [\\nb                                                       | 3: not YAML
            """)
    void aWrongFileIsToldTheLine(String text, String message) {
        assertThatThrownBy(() -> Described.yaml(text.replace("\\n", "\n")))
                .isInstanceOf(CardSpecException.class)
                .hasMessageStartingWith("card.yaml:" + message);
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
        assertThatThrownBy(() -> Described.yaml(text.replace("\\n", "\n")))
                .isInstanceOf(CardSpecException.class)
                .hasMessageStartingWith(message)
                .hasMessageContaining("; choose another");
        assertThat(Described.net("socket=/x,id=worker").devices().getFirst().id())
                .isEqualTo("worker");
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

    @Test
    void whatIsRecordedCanBeSaidShortOrLong() {
        RecordSpec brief = Described.yaml("record: /var/tmp/t\ndevices: [{kind: net, socket: /x}]")
                .record();
        assertThat(brief)
                .isEqualTo(new RecordSpec(Path.of("/var/tmp/t"), Capture.HEADERS, TraceRecorder.DEFAULT_RING_BYTES));
        RecordSpec full = Described.yaml(
                        "record: {dir: t, payload: all, bytes: 128, buffer: 1M}\ndevices: [{kind: net, socket: /x}]")
                .record();
        assertThat(full).isEqualTo(new RecordSpec(Path.of("t"), new Capture(Capture.Payload.ALL, 128), 1 << 20));
        assertThat(Described.net("socket=/x").record()).isNull();
        assertThatThrownBy(() -> Described.yaml("record: {dir: t, buffer: 3M}\ndevices: [{kind: net, socket: /x}]"))
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining("record: key 'buffer' is '3M'; give a power of two from 512k to 1G");
        assertThatThrownBy(() -> Described.yaml("record: {payload: all}\ndevices: [{kind: net, socket: /x}]"))
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining("'dir' is missing");
    }
}
