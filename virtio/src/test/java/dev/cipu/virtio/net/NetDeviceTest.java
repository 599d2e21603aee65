package dev.cipu.virtio.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.Feature;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class NetDeviceTest {
    private static final byte[] MAC = {0x52, 0x54, 0, (byte) 0xab, (byte) 0xcd, (byte) 0xef};

    private static byte[] config(NetDevice device) {
        byte[] bytes = new byte[device.configSize()];
        device.readConfig(0, bytes);
        return bytes;
    }

    @Test
    void configBytes() {
        NetDevice device = new NetDevice(MAC, 0x2328, 0x102);
        assertThat(config(device))
                .isEqualTo(HexFormat.of()
                        .parseHex("525400abcdef" + "0100" + "0201" + "2823" + "ffffffff" + "ff" + "28" + "8000"
                                + "ff010000" + "ff010000"));
        device.linkUp(false);
        assertThat(config(device)[NetConfig.STATUS]).isZero();
        assertThat(device.linkUp()).isFalse();
        assertThat(device.queueCount()).isEqualTo(0x205);
        assertThat(device.deviceId()).isEqualTo(1);
    }

    @Test
    @Conforms("BF-011")
    void configCanBeReadBeforeNegotiationAndNotWritten() {
        NetDevice device = new NetDevice(MAC, 1500, 1);
        for (int i = 0; i < NetConfig.BYTES; i++) {
            assertThat(device.writeConfig(i, new byte[1])).isFalse();
        }
        assertThat(config(device)).startsWith(MAC);
    }

    @Test
    void features() {
        NetDevice one = new NetDevice(MAC, 1500, 1);
        FeatureSet offloads = FeatureSet.of(7, 8, 9, 10, 11, 12, 13, 14, 54, 55, 56, 59, 61);
        assertThat(one.offered())
                .isEqualTo(FeatureSet.of(
                                0, 1, 2, 3, 5, 15, 16, 17, 18, 19, 20, 21, 23, 28, 29, 32, 34, 35, 36, 38, 39, 40, 43,
                                51, 52, 53, 57, 60, 63)
                        .or(offloads));
        assertThat(new NetDevice(MAC, 1500, 2).offered())
                .isEqualTo(one.offered().with(22));
    }

    @Test
    @Conforms("BF-026")
    void legacyDriversAreRefused() {
        NetDevice device = new NetDevice(MAC, 1500, 1);
        assertThat(device.negotiate(device.offered().without(RingFeature.VERSION_1)))
                .isFalse();
        assertThat(device.negotiate(FeatureSet.of(RingFeature.VERSION_1))).isTrue();
    }

    @Test
    void aSetWhosePrerequisitesAreMissingIsRefused() {
        NetDevice device = new NetDevice(MAC, 1500, 2);
        FeatureSet plain = FeatureSet.of(RingFeature.VERSION_1);
        int[] needGuestChecksum = {
            NetFeature.GUEST_TSO4,
            NetFeature.GUEST_TSO6,
            NetFeature.GUEST_UFO,
            NetFeature.GUEST_USO4,
            NetFeature.GUEST_USO6
        };
        for (int bit : needGuestChecksum) {
            assertThat(device.negotiate(plain.with(bit))).isFalse();
            assertThat(device.negotiate(plain.with(bit).with(NetFeature.GUEST_CSUM)))
                    .isTrue();
        }
        for (int bit :
                new int[] {NetFeature.HOST_TSO4, NetFeature.HOST_TSO6, NetFeature.HOST_UFO, NetFeature.HOST_USO}) {
            assertThat(device.negotiate(plain.with(bit))).isFalse();
            assertThat(device.negotiate(plain.with(bit).with(NetFeature.CSUM))).isTrue();
        }
        FeatureSet large = plain.with(NetFeature.CSUM).with(NetFeature.HOST_TSO6);
        for (int bit : new int[] {NetFeature.HOST_ECN, NetFeature.RSC_EXT}) {
            assertThat(device.negotiate(plain.with(NetFeature.CSUM).with(bit))).isFalse();
            assertThat(device.negotiate(large.with(bit))).isTrue();
        }
        assertThat(device.negotiate(plain.with(NetFeature.MQ)))
                .as("the front-end has the control queue")
                .isTrue();
    }

    @Test
    void theMacIsNobodyElses() {
        byte[] mac = MAC.clone();
        NetDevice device = new NetDevice(mac, 1500, 1);
        mac[5] = 0;
        device.mac()[5] = 0;
        assertThat(device.mac()).isEqualTo(MAC);
    }

    @Test
    @Conforms({"NT-001", "NT-002"})
    void impossibleDevicesAreRefused() {
        byte[] multicast = {1, 0, 0x5e, 0, 0, 1};
        assertThatThrownBy(() -> new NetDevice(multicast, 1500, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new NetDevice(new byte[5], 1500, 1)).isInstanceOf(IllegalArgumentException.class);
        for (int mtu : new int[] {67, 65536, 0, -1}) {
            assertThatThrownBy(() -> new NetDevice(MAC, mtu, 1)).isInstanceOf(IllegalArgumentException.class);
        }
        for (int pairs : new int[] {0, -1, 0x8001}) {
            assertThatThrownBy(() -> new NetDevice(MAC, 1500, pairs)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(new NetDevice(MAC, 68, 0x8000).queueCount()).isEqualTo(0x10001);
    }

    @Test
    @Conforms({"NT-010", "NT-011", "NT-012"})
    void speedAndDuplexAreWhatTheDeviceWasMadeWith() {
        NetTraits traits = NetTraits.of(1500, 1);
        NetDevice fast = new NetDevice(MAC, traits.withSpeed(25_000, NetTraits.FULL_DUPLEX));
        fast.linkUp(false);
        fast.linkUp(true);
        assertThat(Arrays.copyOfRange(config(fast), NetConfig.SPEED, NetConfig.DUPLEX + 1))
                .isEqualTo(new byte[] {(byte) 0xa8, 0x61, 0, 0, 1});
        assertThatThrownBy(() -> traits.withSpeed(-2, NetTraits.FULL_DUPLEX))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> traits.withSpeed(1, 2)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @Conforms({"NT-001", "NT-002", "NT-003", "NT-007", "NT-008"})
    void limits() {
        NetDevice device = new NetDevice(MAC, NetTraits.of(NetTraits.MAX_MTU, NetTraits.MAX_PAIRS));
        byte[] config = config(device);
        assertThat(config[NetConfig.MAX_PAIRS + 1]).isEqualTo((byte) 0x80);
        assertThat(config[NetConfig.MTU]).isEqualTo((byte) 0xff);
        assertThat(config[NetConfig.RSS_MAX_KEY]).isGreaterThanOrEqualTo((byte) 40);
        assertThat(config[NetConfig.RSS_MAX_TABLE] & 0xff).isGreaterThanOrEqualTo(128);
    }

    @Test
    @Conforms({"NT-009", "NT-013", "NT-014"})
    void aMaskTakesFeaturesOutOfTheOfferAndWhatDependsOnThem() {
        NetTraits traits = NetTraits.of(1500, 4).withStandby(true);
        NetDevice all = new NetDevice(MAC, traits);
        assertThat(all.offered().has(NetFeature.STANDBY)).isTrue();
        NetDevice plain = new NetDevice(MAC, traits);
        plain.restrict(all.offered().without(NetFeature.CTRL_VQ));
        for (Feature feature : NetFeatures.ALL) {
            assertThat(!plain.offered().has(feature.bit()) || feature.isMetBy(plain.offered()))
                    .as(feature.name())
                    .isTrue();
        }
        assertThat(plain.offered().has(NetFeature.HASH_REPORT)).isFalse();
        assertThat(plain.offered().has(NetFeature.CTRL_RX_EXTRA)).isFalse();
        assertThat(plain.offered().has(NetFeature.MQ)).isFalse();
        assertThat(plain.queueCount()).isEqualTo(8);
        NetDevice least = new NetDevice(MAC, traits);
        least.restrict(FeatureSet.NONE);
        assertThat(least.offered()).isEqualTo(FeatureSet.of(RingFeature.VERSION_1));
    }

    @Test
    @Conforms("NT-004")
    void nothingChangesTheMtu() {
        NetDevice device = new NetDevice(MAC, 0x2328, 2);
        for (int i = 0; i < 2; i++) {
            assertThat(device.writeConfig(NetConfig.MTU, new byte[] {1, 1})).isFalse();
            assertThat(config(device)[NetConfig.MTU]).isEqualTo((byte) 0x28);
            assertThat(config(device)[NetConfig.MTU + 1]).isEqualTo((byte) 0x23);
            device.negotiate(device.offered());
            device.linkUp(false);
            device.announce();
        }
        device.reset();
        assertThat(config(device)[NetConfig.MTU]).isEqualTo((byte) 0x28);
    }

    @Test
    void theControlQueueIsWhereTheDriverLooksForIt() {
        NetDevice device = new NetDevice(MAC, 1500, 4);
        FeatureSet plain = FeatureSet.of(RingFeature.VERSION_1);
        device.negotiate(plain.with(NetFeature.MQ));
        assertThat(device.controlQueue()).isEqualTo(-1);
        assertThat(device.dataQueues()).isEqualTo(8);
        device.negotiate(plain.with(NetFeature.CTRL_VQ));
        assertThat(device.controlQueue()).isEqualTo(2);
        assertThat(device.dataQueues()).isEqualTo(2);
        for (int many : new int[] {NetFeature.MQ, NetFeature.RSS}) {
            device.negotiate(plain.with(NetFeature.CTRL_VQ).with(many));
            assertThat(device.controlQueue()).isEqualTo(8);
            assertThat(device.isControl(8)).isTrue();
        }
    }

    @Test
    void onlyADriverThatCanBeHeardIsAskedToAnnounce() {
        NetDevice device = new NetDevice(MAC, 1500, 1);
        assertThat(device.announce()).isFalse();
        device.negotiate(FeatureSet.of(RingFeature.VERSION_1, NetFeature.CTRL_VQ, NetFeature.GUEST_ANNOUNCE));
        assertThat(device.announce()).isFalse();
        device.control().serve();
        assertThat(device.announce()).isTrue();
        assertThat(config(device)[NetConfig.STATUS])
                .isEqualTo((byte) (NetConfig.STATUS_ANNOUNCE | NetConfig.STATUS_LINK_UP));
        device.reset();
        assertThat(config(device)[NetConfig.STATUS]).isEqualTo((byte) NetConfig.STATUS_LINK_UP);
    }
}
