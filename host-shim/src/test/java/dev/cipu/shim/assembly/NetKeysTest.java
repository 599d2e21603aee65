package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.assembly.EndpointSpec.Mode;
import dev.cipu.shim.assembly.SwitchSpec.Uplink;
import dev.cipu.virtio.net.NetTraits;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be said of a network device. */
class NetKeysTest {
    @Test
    void aNetworkDeviceNeedsOnlyASocket() {
        CardSpec card = Described.net("socket=/tmp/a");

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
                .isEqualTo(((NetSpec) Described.net("socket=/tmp/a").devices().getFirst()).mac());
        assertThat(((NetSpec) two.devices().get(1)).mac())
                .isNotEqualTo(((NetSpec) two.devices().get(0)).mac());
    }

    @Test
    void everyKeyOfANetworkDeviceCounts() {
        CardSpec card = Described.net(
                "socket=/tmp/a,id=eth,mac=52:54:00:AB:cd:01,queues=4,mtu=9000,switch=lan,mode=client,speed=25000,"
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
                        FeatureChoice.EVERYTHING,
                        VirtualSpec.NONE));
        assertThat(card.switches()).containsExactly(new SwitchSpec("lan", Uplink.NONE));
    }

    @Test
    void aDeviceWithASpeedIsFullDuplexUnlessToldOtherwise() {
        NetSpec fast =
                (NetSpec) Described.net("socket=/tmp/a,speed=100000").devices().getFirst();
        assertThat(fast.duplex()).isEqualTo(NetTraits.FULL_DUPLEX);
        NetSpec silent = (NetSpec) Described.net("socket=/tmp/a").devices().getFirst();
        assertThat(silent.speed()).isEqualTo(NetTraits.UNKNOWN_SPEED);
        assertThat(silent.duplex()).isEqualTo(NetTraits.UNKNOWN_DUPLEX);
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
        assertThatThrownBy(() -> Described.net(options))
                .isInstanceOf(CardSpecException.class)
                .hasMessageStartingWith("--net: ")
                .hasMessageContaining(message)
                .hasMessageContaining("; ")
                .hasMessageNotContaining("\n");
    }
}
