package dev.cipu.virtio.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import java.util.Arrays;
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
        byte[] up = {0x52, 0x54, 0, (byte) 0xab, (byte) 0xcd, (byte) 0xef, 1, 0, 0x02, 0x01, 0x28, 0x23};
        assertThat(config(device)).isEqualTo(Arrays.copyOf(up, NetConfig.BYTES));
        device.linkUp(false);
        assertThat(config(device)[NetConfig.STATUS]).isZero();
        assertThat(device.linkUp()).isFalse();
        assertThat(device.queueCount()).isEqualTo(0x204);
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
                .isEqualTo(FeatureSet.of(0, 1, 3, 5, 15, 16, 28, 29, 32, 34, 35).or(offloads));
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
        assertThat(new NetDevice(MAC, 68, 0x8000).queueCount()).isEqualTo(0x10000);
    }
}
