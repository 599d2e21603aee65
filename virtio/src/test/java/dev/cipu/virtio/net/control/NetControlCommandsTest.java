package dev.cipu.virtio.net.control;

import static dev.cipu.virtio.net.control.NetControlLayout.ERR;
import static dev.cipu.virtio.net.control.NetControlLayout.OK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.net.CallCoalescing;
import dev.cipu.virtio.net.NetConfig;
import dev.cipu.virtio.net.NetControlState;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHash;
import dev.cipu.virtio.net.RssConfig;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Commands by themselves, as bytes. Lines 34 and 35 of the hostile inputs are among them. */
class NetControlCommandsTest {
    private static final int PAIRS = 4;
    private static final String KEY = "00".repeat(40);

    private final NetDevice device = new NetDevice(new byte[] {2, 0, 0, 0, 0, 1}, 1500, PAIRS);
    private final NetControlState state = device.control();
    private final NetControlCommands commands = new NetControlCommands(state, queue -> queue != 5);

    @BeforeEach
    void everything() {
        assertThat(device.negotiate(device.offered())).isTrue();
    }

    /** A command in hexadecimal digits; spaces are for the eye. */
    private int run(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, commands.memory(), 0, bytes.length);
        return commands.run(bytes.length);
    }

    @Test
    void line35_whatIsShortLongOrUnknownIsAnError() {
        for (String hex : new String[] {
            "",
            "00",
            "0000",
            "0006 00",
            "0000 0000",
            "0000 02",
            "0500",
            "0800",
            "ff00",
            "00ff 01",
            "0203 0000",
            "0301",
            "0300 00",
            "0403 0100",
            "0604 00000000",
            "0701 00000000",
            "0700 000000",
            "0900 00",
            "0400 01",
            "0500 00"
        }) {
            assertThat(run(hex)).as(hex).isEqualTo(ERR);
        }
        assertThat(commands.run(NetControlLayout.MAX_BYTES + 1L)).isEqualTo(ERR);
        assertThat(commands.run(1L << 32)).isEqualTo(ERR);
        assertThat(commands.run(0)).isEqualTo(ERR);
    }

    @Test
    void aCommandWhoseFeatureWasNotNegotiatedIsAnError() {
        String[] each = {
            "0000 01",
            "0002 01",
            "0100 0000000000000000",
            "0101 020000000009",
            "0200 0100",
            "0300",
            "0400 0100",
            "0402 00000000 0000000000000000 00",
            "0500 0000000000000000",
            "0600 0000000000000000",
            "0603 00000000",
            "0700 00000000",
            "0401 00000000 0000 0000 0000 0100 00"
        };
        for (String hex : each) {
            assertThat(run(hex)).as(hex).isEqualTo(OK);
        }
        device.negotiate(FeatureSet.of(32, NetFeature.CTRL_VQ));
        for (String hex : each) {
            assertThat(run(hex)).as(hex).isEqualTo(ERR);
        }
    }

    @Test
    @Conforms({"NT-073", "NT-076"})
    void eachReceiveModeIsTurnedOnAndOff() {
        assertThat(state.modes()).isEqualTo(NetControlState.PROMISC);
        run("0000 00");
        for (int command = 0; command <= NetControlLayout.RX_NOBCAST; command++) {
            assertThat(run("000" + command + "01")).isEqualTo(OK);
            assertThat(state.modes()).isEqualTo(1 << command);
            assertThat(run("000" + command + "00")).isEqualTo(OK);
            assertThat(state.modes()).isZero();
        }
    }

    @Test
    @Conforms({"NT-081", "NT-082"})
    void theMacTableIsReplacedAsAWholeAndEmptyAfterAReset() {
        assertThat(run("0100 02000000 020000000001 020000000002 01000000 010000000003"))
                .isEqualTo(OK);
        assertThat(state.macs().count()).isEqualTo(3);
        assertThat(state.macs().has(0x0200_0000_0002L)).isTrue();
        assertThat(state.macs().has(0x0300_0000_0001L)).isTrue();
        assertThat(state.macs().has(0x0400_0000_0002L)).isFalse();
        assertThat(run("0100 00000000 00000000")).isEqualTo(OK);
        assertThat(state.macs().has(0x0200_0000_0002L)).isFalse();
        run("0100 01000000 020000000001 00000000");
        device.reset();
        assertThat(state.macs().count()).isZero();
    }

    @Test
    void line35_aMacTableWhoseCountsDoNotFitIsAnErrorAndChangesNothing() {
        run("0100 01000000 020000000001 00000000");
        for (String hex : new String[] {
            "0100 00000000",
            "0100 01000000 00000000",
            "0100 ffffffff 00000000",
            "0100 00000000 ffffffff",
            "0100 abaaaa2a 020000000001 00000000",
            "0100 01000000 020000000001 01000000",
            "0100 01000000 010000000001 00000000",
            "0100 00000000 01000000 020000000001",
            "0100 00000000 00000000 00"
        }) {
            assertThat(run(hex)).as(hex).isEqualTo(ERR);
            assertThat(state.macs().count()).isEqualTo(1);
        }
    }

    @Test
    void aMacTableMayFillACommandAndNotMore() {
        int most = (NetControlLayout.MAX_BYTES - NetControlLayout.DATA - 8) / NetControlLayout.MAC_BYTES;
        StringBuilder hex = new StringBuilder("0100").append("%02x%02x0000".formatted(most & 0xff, most >> 8));
        for (int i = 0; i < most; i++) {
            hex.append("0200%08x".formatted(i));
        }
        assertThat(run(hex + "00000000")).isEqualTo(OK);
        assertThat(state.macs().count()).isEqualTo(most);
        assertThat(state.macs().has(0x0000_0000_0002L)).isTrue();
        assertThat(state.macs().has(0xffff_0000_0002L)).isFalse();
    }

    @Test
    @Conforms("NT-083")
    void theAddressInTheConfigurationIsTheDrivers() {
        assertThat(run("0101 0a1122334455")).isEqualTo(OK);
        byte[] config = new byte[NetConfig.STATUS];
        device.readConfig(0, config);
        assertThat(config).isEqualTo(HexFormat.of().parseHex("0a1122334455"));
        assertThat(run("0101 0b1122334455")).as("a group address").isEqualTo(ERR);
        assertThat(run("0101 0a11223344")).isEqualTo(ERR);
        device.reset();
        device.readConfig(0, config);
        assertThat(config).isEqualTo(device.mac());
    }

    @Test
    @Conforms("NT-086")
    void vlansAreAddedAndRemoved() {
        for (int id : new int[] {0, 1, 63, 64, 4095}) {
            String hex = "%02x%02x".formatted(id & 0xff, id >> 8);
            assertThat(state.hasVlan(id)).isFalse();
            assertThat(run("0200" + hex)).isEqualTo(OK);
            assertThat(state.hasVlan(id)).isTrue();
            assertThat(run("0201" + hex)).isEqualTo(OK);
            assertThat(state.hasVlan(id)).isFalse();
        }
        assertThat(run("0200 0010")).as("4096").isEqualTo(ERR);
        run("0200 0100");
        device.reset();
        assertThat(state.hasVlan(1)).isFalse();
    }

    @Test
    @Conforms("NT-088")
    void anAcknowledgedAnnouncementIsOver() {
        state.serve();
        assertThat(device.announce()).isTrue();
        assertThat(run("0300")).isEqualTo(OK);
        byte[] status = new byte[1];
        device.readConfig(NetConfig.STATUS, status);
        assertThat(status[0]).isEqualTo((byte) NetConfig.STATUS_LINK_UP);
    }

    @Test
    @Conforms({"NT-069", "NT-089"})
    void pairsAreSetWithinTheDevicesLimit() {
        assertThat(state.pairsInUse()).isEqualTo(1);
        assertThat(run("0401 00000000 0000 0000 0000 0100 00")).isEqualTo(OK);
        assertThat(state.rss()).isNotNull();
        assertThat(run("0400 0400")).isEqualTo(OK);
        assertThat(state.pairsInUse()).isEqualTo(4);
        assertThat(state.rss()).isNull();
        for (String bad : new String[] {"0000", "0500", "0080", "ffff"}) {
            assertThat(run("0400" + bad)).isEqualTo(ERR);
        }
        device.reset();
        assertThat(state.pairsInUse()).isEqualTo(1);
    }

    @Test
    @Conforms({"NT-067", "NT-068"})
    void anRssConfigurationIsTaken() {
        assertThat(run("0401 ff010000 0300 0200 0000 0100 0200 0300 0400 28" + "6d".repeat(40)))
                .isEqualTo(OK);
        RssConfig rss = state.rss();
        assertThat(rss).isNotNull();
        assertThat(rss.hash().types()).isEqualTo(NetHash.ALL_TYPES);
        assertThat(rss.hash().key()).hasSize(40).containsOnly(0x6d);
        assertThat(rss.unclassified()).isEqualTo(2);
        assertThat(rss.transmitQueues()).isEqualTo(4);
        assertThat(rss.pair(0xfffffffe)).isEqualTo(2);
        assertThat(state.hash()).isSameAs(rss.hash());
    }

    @Test
    void line34_anImpossibleRssConfigurationIsAnErrorAndChangesNothing() {
        String[] bad = {
            "0401 00000000 0000 0000 0000 0100",
            "0401 00000000 0200 0000 0000 0000 0000 0100 00",
            "0401 00000000 0000 0000 0400 0100 00",
            "0401 00000000 0000 0400 0000 0100 00",
            "0401 00000000 0000 0080 0000 0100 00",
            "0401 00000000 0000 0000 0080 0100 00",
            "0401 00000000 0000 0000 0000 0000 00",
            "0401 00000000 0000 0000 0000 0500 00",
            "0401 00020000 0000 0000 0000 0100 00",
            "0401 00000000 0000 0000 0000 0100 29" + "00".repeat(41),
            "0401 00000000 0000 0000 0000 0100 02 00",
            "0401 00000000 0000 0000 0000 0100 00 00",
            "0401 00000000 ff00 0000" + "0000".repeat(256) + "0100 00",
            "0401 00000000 ffff 0000" + "0000".repeat(256) + "0100 00",
            "0401 00000000 7f00 0000" + "0000".repeat(127) + "0100 00"
        };
        for (String hex : bad) {
            assertThat(run(hex)).as(hex).isEqualTo(ERR);
            assertThat(state.rss()).isNull();
        }
        assertThat(run("0401 00000000 7f00 0000" + "0000".repeat(128) + "0100 28" + KEY))
                .isEqualTo(OK);
    }

    @Test
    @Conforms("NT-067")
    void aHashConfigurationIsTaken() {
        assertThat(run("0402 3f000000 0000000000000000 02 abcd")).isEqualTo(OK);
        assertThat(state.hash().types()).isEqualTo(0x3f);
        assertThat(state.hash().key()).containsExactly(0xab, 0xcd);
        assertThat(state.rss()).isNull();
        for (String hex : new String[] {
            "0402 3f000000 0000000000000001 00",
            "0402 3f020000 0000000000000000 00",
            "0402 3f000000 0000000000000000 01",
            "0402 3f000000 0000000000000000 29" + "00".repeat(41)
        }) {
            assertThat(run(hex)).as(hex).isEqualTo(ERR);
        }
        device.reset();
        assertThat(state.hash().types()).isZero();
    }

    @Test
    @Conforms({"NT-071", "NT-072"})
    void tunnelsAreTheSupportedOnes() {
        assertThat(run("0700 ff010000")).isEqualTo(OK);
        assertThat(run("0700 ff030000")).isEqualTo(ERR);
        assertThat(state.tunnels()).isEqualTo(NetHash.ALL_TUNNELS);
        assertThat(run("0700 00000000")).isEqualTo(OK);
        assertThat(state.tunnels()).isZero();
        run("0700 10000000");
        device.reset();
        assertThat(state.tunnels()).isZero();
    }

    @Test
    void offloadsAreTheNegotiatedOnesOrFewer() {
        FeatureSet all = FeatureSet.of(
                NetFeature.GUEST_CSUM,
                NetFeature.GUEST_TSO4,
                NetFeature.GUEST_TSO6,
                NetFeature.GUEST_ECN,
                NetFeature.GUEST_UFO,
                NetFeature.GUEST_USO4,
                NetFeature.GUEST_USO6);
        assertThat(state.guestOffloads()).isEqualTo(all);
        assertThat(state.inForce()).isEqualTo(device.negotiated());
        assertThat(run("0500 0000000000000000")).isEqualTo(OK);
        assertThat(state.guestOffloads()).isEqualTo(FeatureSet.NONE);
        assertThat(run("0500 0200000000000000")).isEqualTo(OK);
        assertThat(state.guestOffloads()).isEqualTo(FeatureSet.of(NetFeature.GUEST_CSUM));
        for (int bit = 0; bit < 64; bit++) {
            boolean offered = bit == NetFeature.GUEST_CSUM
                    || (bit >= 7 && bit <= 10 && device.offered().has(bit));
            ByteBuffer command = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
            command.putShort((short) 5).putLong(1L << bit);
            if (bit < 54) {
                assertThat(run(HexFormat.of().formatHex(command.array()))).isEqualTo(offered ? OK : ERR);
            }
        }
    }

    @Test
    @Conforms({"NT-099", "NT-100", "NT-101", "NT-102", "NT-107"})
    void theLastCoalescingSetForAQueueHolds() {
        CallCoalescing coalescing = state.coalescing();
        assertThat(coalescing.isOn()).isFalse();
        assertThat(run("0601 0f000000 0a000000")).as("receiveqs").isEqualTo(OK);
        assertThat(coalescing.isOn()).isTrue();
        assertThat(coalescing.maxPackets(0)).isEqualTo(15);
        assertThat(coalescing.maxNanos(6)).isEqualTo(10_000);
        assertThat(coalescing.waits(1)).isFalse();
        assertThat(run("0602 0000 ffff 01000000 02000000")).as("reserved").isEqualTo(OK);
        assertThat(coalescing.maxPackets(0)).isEqualTo(1);
        assertThat(coalescing.maxPackets(2)).isEqualTo(15);
        assertThat(run("0603 0000 ffff")).isEqualTo(OK);
        assertThat(commands.reply()).isEqualTo(2L << 32 | 1);
        assertThat(run("0602 0100 0000 07000000 08000000")).isEqualTo(OK);
        assertThat(run("0600 03000000 04000000")).as("transmitqs").isEqualTo(OK);
        assertThat(run("0603 0100 0000")).isEqualTo(OK);
        assertThat(commands.reply()).isEqualTo(4L << 32 | 3);
        for (String queue : new String[] {"0500", "0800", "0900", "ffff"}) {
            assertThat(run("0602" + queue + "0000 01000000 02000000")).isEqualTo(ERR);
            assertThat(run("0603" + queue + "0000")).isEqualTo(ERR);
            assertThat(commands.reply()).isZero();
        }
        assertThat(run("0600 01000000 41420f00")).as("more than a second").isEqualTo(ERR);
        assertThat(run("0601 01000000 ffffffff")).isEqualTo(ERR);
        assertThat(run("0602 0000 0000 01000000 ffffffff")).isEqualTo(ERR);
        device.reset();
        assertThat(coalescing.isOn()).isFalse();
        for (int queue = 0; queue < 2 * PAIRS; queue++) {
            assertThat(coalescing.parameters(queue)).isZero();
        }
    }

    @Test
    @Conforms({"NT-103", "NT-104"})
    void aQueueThatBeginsAnewHasWhatWasSetForAll() {
        CallCoalescing coalescing = state.coalescing();
        run("0602 0000 0000 05000000 05000000");
        coalescing.queueBegins(0);
        assertThat(coalescing.parameters(0)).isZero();
        run("0600 03000000 04000000");
        run("0601 06000000 07000000");
        run("0602 0000 0000 05000000 05000000");
        run("0602 0300 0000 05000000 05000000");
        coalescing.queueBegins(0);
        coalescing.queueBegins(3);
        assertThat(coalescing.parameters(0)).isEqualTo(7L << 32 | 6);
        assertThat(coalescing.parameters(3)).isEqualTo(4L << 32 | 3);
    }
}
