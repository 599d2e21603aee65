package dev.cipu.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.conformance.Conforms;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class BlkDeviceTest {
    private static BlkTraits disk(int blockSize, boolean readOnly, boolean discard) {
        return BlkTraits.of(0x0102_0304_0506_0708L)
                .withBlockSize(blockSize)
                .withReadOnly(readOnly)
                .withQueues(0x203)
                .withSerial("serial")
                .withDiscard(discard);
    }

    private static ByteBuffer config(BlkDevice device) {
        byte[] bytes = new byte[device.configSize()];
        device.readConfig(0, bytes);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    @Conforms({"BF-011", "BK-004"})
    void configBytes() {
        ByteBuffer config = config(new BlkDevice(disk(512, false, true)));
        assertThat(config.capacity()).isEqualTo(BlkConfig.BYTES);
        assertThat(config.getLong(0)).isEqualTo(0x0102_0304_0506_0708L);
        assertThat(config.getInt(8)).isEqualTo(BlkDevice.SIZE_MAX);
        assertThat(config.getInt(12)).isEqualTo(BlkDevice.SEG_MAX);
        assertThat(config.getInt(16)).as("cylinders, heads, sectors").isEqualTo(0x3f10_ffff);
        assertThat(config.getInt(20)).isEqualTo(512);
        assertThat(config.get(24)).as("physical_block_exp").isEqualTo((byte) 3);
        assertThat(config.get(25)).as("alignment_offset").isZero();
        assertThat(config.getShort(26)).as("min_io_size").isEqualTo((short) 8);
        assertThat(config.getInt(28)).as("opt_io_size").isZero();
        assertThat(config.get(32)).as("writeback").isEqualTo((byte) 1);
        assertThat(config.get(33)).as("unused0").isZero();
        assertThat(config.getShort(34)).isEqualTo((short) 0x203);
        assertThat(config.getInt(36)).isEqualTo(BlkDevice.MAX_RANGE_SECTORS);
        assertThat(config.getInt(40)).isEqualTo(BlkDevice.MAX_RANGES);
        assertThat(config.getInt(44)).as("discard_sector_alignment").isEqualTo(1);
        assertThat(config.getInt(48)).isEqualTo(BlkDevice.MAX_RANGE_SECTORS);
        assertThat(config.getInt(52)).isEqualTo(BlkDevice.MAX_RANGES);
        assertThat(config.get(56)).as("write_zeroes_may_unmap").isEqualTo((byte) 1);
        assertThat(config.getInt(56)).as("unused1").isEqualTo(1);
    }

    @Test
    void configOfLargeBlocksWithoutDiscard() {
        ByteBuffer config = config(new BlkDevice(disk(8192, false, false)));
        assertThat(config.getInt(20)).isEqualTo(8192);
        assertThat(config.get(24)).isZero();
        assertThat(config.getShort(26)).isEqualTo((short) 1);
        for (int i = BlkConfig.MAX_DISCARD_SECTORS; i < BlkConfig.BYTES; i++) {
            assertThat(config.get(i)).isZero();
        }
        assertThat(config(new BlkDevice(disk(4096, false, true))).getInt(44)).isEqualTo(8);
    }

    @Test
    @Conforms("BK-018")
    void capacityMayChange() {
        BlkDevice device = new BlkDevice(disk(512, false, false));
        device.capacity(77);
        assertThat(device.capacity()).isEqualTo(77);
        assertThat(config(device).getLong(0)).isEqualTo(77);
    }

    @Test
    @Conforms({"BK-001", "BK-002", "BK-005"})
    void features() {
        FeatureSet base = FeatureSet.of(1, 2, 4, 6, 9, 10, 11, 12, 28, 29, 32, 34, 36, 38, 39, 40, 43);
        assertThat(new BlkDevice(disk(512, false, false)).offered()).isEqualTo(base);
        assertThat(new BlkDevice(disk(512, false, true)).offered())
                .isEqualTo(base.with(13).with(14));
        // what cannot be written cannot be discarded
        assertThat(new BlkDevice(disk(512, true, true)).offered()).isEqualTo(base.with(5));
        BlkTraits single = BlkTraits.of(1);
        assertThat(new BlkDevice(single).offered()).isEqualTo(base.without(BlkFeature.MQ));
    }

    @Test
    @Conforms("BK-003")
    void cacheModeFollowsNegotiation() {
        BlkDevice device = new BlkDevice(disk(512, false, false));
        FeatureSet plain = FeatureSet.of(RingFeature.VERSION_1);
        // [virtio-1.4 §5.2.5.2] with FLUSH and CONFIG_WCE the driver may choose; write-back first
        assertThat(device.negotiate(plain.with(BlkFeature.FLUSH).with(BlkFeature.CONFIG_WCE)))
                .isTrue();
        assertThat(device.writeback()).isTrue();
        assertThat(device.writeConfig(BlkConfig.WRITEBACK, new byte[] {0})).isTrue();
        assertThat(device.writeback()).isFalse();
        assertThat(config(device).get(32)).isZero();
        assertThat(device.writeConfig(BlkConfig.WRITEBACK, new byte[] {1})).isTrue();
        assertThat(device.writeback()).isTrue();
        assertThat(config(device).get(32)).isEqualTo((byte) 1);

        assertThat(device.negotiate(plain.with(BlkFeature.FLUSH))).isTrue();
        assertThat(device.writeback()).isTrue();
        assertThat(device.writeConfig(BlkConfig.WRITEBACK, new byte[] {0})).isFalse();
        assertThat(device.writeback()).isTrue();

        // [virtio-1.4 §5.2.5.2] CONFIG_WCE without FLUSH: writeback is 0
        assertThat(device.negotiate(plain.with(BlkFeature.CONFIG_WCE))).isTrue();
        assertThat(device.writeback()).isFalse();
        assertThat(config(device).get(32)).isZero();

        // [virtio-1.4 §5.2.6.2] neither: a completed write is durable
        assertThat(device.negotiate(plain)).isTrue();
        assertThat(device.writeback()).isFalse();

        device.negotiate(device.offered());
        device.reset();
        assertThat(device.writeback()).isFalse();
    }

    @Test
    void aChoiceToWriteThroughOutlivesResetsUntilTheDriverChoosesAnew() {
        BlkDevice device = new BlkDevice(disk(512, false, false));
        FeatureSet plain = FeatureSet.of(RingFeature.VERSION_1);
        FeatureSet both = plain.with(BlkFeature.FLUSH).with(BlkFeature.CONFIG_WCE);
        device.negotiate(both);
        device.writeConfig(BlkConfig.WRITEBACK, new byte[] {0});
        for (FeatureSet features : new FeatureSet[] {both, plain.with(BlkFeature.FLUSH), plain, both}) {
            assertThat(config(device).get(32)).isZero();
            device.reset();
            assertThat(config(device).get(32)).as("before negotiation").isZero();
            device.negotiate(features);
            assertThat(device.writeback()).isFalse();
        }
        assertThat(device.writeConfig(BlkConfig.WRITEBACK, new byte[] {1})).isTrue();
        assertThat(device.writeback()).isTrue();
        device.reset();
        device.negotiate(both);
        assertThat(device.writeback()).isTrue();
        assertThat(config(device).get(32)).isEqualTo((byte) 1);
        // [virtio-1.4 §5.2.5.2] nor does a choice of write-back make a cache where there is no FLUSH
        device.negotiate(plain.with(BlkFeature.CONFIG_WCE));
        assertThat(device.writeback()).isFalse();
    }

    @Test
    void onlyTheCacheModeCanBeWritten() {
        BlkDevice device = new BlkDevice(disk(512, false, true));
        device.negotiate(device.offered());
        for (int i = 0; i < BlkConfig.BYTES; i++) {
            assertThat(device.writeConfig(i, new byte[1])).isEqualTo(i == BlkConfig.WRITEBACK);
        }
        assertThat(device.writeConfig(BlkConfig.WRITEBACK, new byte[2])).isFalse();
    }

    @Test
    void impossibleDisksAreRefused() {
        for (int blockSize : new int[] {0, 256, 511, 1000, -512, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> disk(blockSize, false, false)).isInstanceOf(IllegalArgumentException.class);
        }
        for (long sectors : new long[] {0, -1, Long.MIN_VALUE}) {
            assertThatThrownBy(() -> BlkTraits.of(sectors)).isInstanceOf(IllegalArgumentException.class);
        }
        for (int queues : new int[] {0, -1, 65536}) {
            assertThatThrownBy(() -> BlkTraits.of(1).withQueues(queues)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> BlkTraits.of(1).withSerial("x".repeat(21)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(new BlkDevice(BlkTraits.of(1).withQueues(65535).withSerial("x".repeat(20))).queueCount())
                .isEqualTo(65535);
    }

    private static BlkTraits zoned(ZoneTraits zones) {
        return BlkTraits.of(1 << 20).withDiscard(true).withZones(zones).withSecureErase(true);
    }

    @Test
    @Conforms({"BK-009", "BK-010", "BK-011", "BK-012", "BK-013", "BK-014", "BK-015", "BK-016", "BK-017", "BK-058"})
    void zonesInTheConfiguration() {
        ZoneTraits managed = ZoneTraits.managed(0x10000).withLimits(7, 9).withWriteGranularity(4096);
        BlkDevice device = new BlkDevice(zoned(managed));
        assertThat(device.offered().has(BlkFeature.ZONED)).isTrue();
        // before the driver has chosen, and after it chose zones
        for (boolean chosen : new boolean[] {false, true}) {
            if (chosen) {
                assertThat(device.negotiate(device.offered())).isTrue();
            }
            ByteBuffer config = config(device);
            assertThat(config.getInt(72)).as("zone_sectors").isEqualTo(0x10000);
            assertThat(config.getInt(76)).as("max_open_zones").isEqualTo(7);
            assertThat(config.getInt(80)).as("max_active_zones").isEqualTo(9);
            assertThat(config.getInt(84)).as("max_append_sectors").isEqualTo(126 * 128);
            assertThat((long) config.getInt(84) * 512).isLessThanOrEqualTo((long) config.getInt(8) * config.getInt(12));
            assertThat(config.getInt(88)).as("write_granularity").isEqualTo(4096);
            assertThat(config.getInt(92)).as("model and unused2").isEqualTo(1);
            assertThat(config.getInt(60)).as("max_secure_erase_sectors").isEqualTo(BlkDevice.MAX_RANGE_SECTORS);
            assertThat(config.getInt(64)).as("max_secure_erase_seg").isEqualTo(BlkDevice.MAX_RANGES);
            assertThat(config.getInt(68) % config.getInt(72))
                    .as("erase alignment")
                    .isZero();
        }
        assertThat(config(new BlkDevice(zoned(ZoneTraits.aware(128).withMaxAppend(0))))
                        .getInt(92))
                .isEqualTo(2);
        assertThatThrownBy(() -> managed.withMaxAppend(126 * 128 + 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> zoned(managed).withSecureErase(new RangeLimits(64, 1, 64)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> zoned(managed).withDiscard(true)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> zoned(managed).withBlockSize(8192)).isInstanceOf(IllegalArgumentException.class);
        BlkDevice restricted = new BlkDevice(zoned(managed));
        restricted.restrict(FeatureSet.NONE);
        assertThat(restricted.offered().has(BlkFeature.ZONED))
                .as("no driver may take it for a plain disk")
                .isTrue();
    }

    @Test
    @Conforms("BK-008")
    void aHostManagedDiskWithoutZonesDoesNotGetFeaturesOk() {
        BlkDevice device = new BlkDevice(zoned(ZoneTraits.managed(128)));
        int asked = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;
        assertThat(device.negotiate(device.offered().without(BlkFeature.ZONED))).isFalse();
        device.setStatus(asked);
        assertThat(device.status() & DeviceStatus.FEATURES_OK).isZero();
        assertThat(device.negotiate(device.offered())).isTrue();
        device.setStatus(asked);
        assertThat(device.status() & DeviceStatus.FEATURES_OK).isNotZero();
    }

    @Test
    @Conforms("BK-007")
    void aHostAwareDiskWithoutZonesGoesOnAsAPlainOne() {
        BlkDevice device = new BlkDevice(zoned(ZoneTraits.aware(128)));
        assertThat(config(device).getInt(72)).isEqualTo(128);
        assertThat(device.negotiate(device.offered().without(BlkFeature.ZONED))).isTrue();
        ByteBuffer config = config(device);
        for (int i = BlkConfig.ZONE_SECTORS; i < BlkConfig.BYTES; i++) {
            assertThat(config.get(i)).isZero();
        }
        assertThat(device.offered().has(BlkFeature.DISCARD)).isTrue();
    }

    @Test
    @Conforms({"BK-027", "BK-028", "BK-034", "BK-035"})
    void whatIsOfferedFollowsTheTraits() {
        assertThat(new BlkDevice(BlkTraits.of(8)).offered().has(BlkFeature.LIFETIME))
                .isFalse();
        assertThat(new BlkDevice(BlkTraits.of(8).withLifetime(true)).offered().has(BlkFeature.LIFETIME))
                .isTrue();
        BlkDevice device = new BlkDevice(BlkTraits.of(8).withDiscard(true).withSecureErase(true));
        assertThat(device.offered().has(BlkFeature.SECURE_ERASE)).isTrue();
        device.zeroesMayUnmap(false);
        assertThat(config(device).getInt(56)).isZero();
        assertThat(device.zeroesMayUnmap()).isFalse();
        device.zeroesMayUnmap(true);
        assertThat(config(device).getInt(56)).isEqualTo(1);
    }

    @Test
    void topologyIsATrait() {
        BlkTopology hints = BlkTopology.of(512).withOptIoSize(0x01020304).withAlignmentOffset(5);
        ByteBuffer config = config(new BlkDevice(BlkTraits.of(8).withTopology(hints)));
        assertThat(config.get(24)).isEqualTo((byte) 3);
        assertThat(config.get(25)).isEqualTo((byte) 5);
        assertThat(config.getShort(26)).isEqualTo((short) 8);
        assertThat(config.getInt(28)).isEqualTo(0x01020304);
        assertThatThrownBy(() -> hints.withAlignmentOffset(256)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> hints.withOptIoSize(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void geometryFollowsTheCapacity() {
        BlkDevice device = new BlkDevice(BlkTraits.of(16 * 63 * 100));
        assertThat(config(device).getShort(16)).as("cylinders").isEqualTo((short) 100);
        assertThat(config(device).get(18)).as("heads").isEqualTo((byte) 16);
        assertThat(config(device).get(19)).as("sectors").isEqualTo((byte) 63);
        device.capacity(5);
        assertThat(config(device).getShort(16)).isEqualTo((short) 1);
    }

    @Test
    @Conforms("BK-002")
    void aMaskHoldsFeaturesBack() {
        FeatureSet few = FeatureSet.of(BlkFeature.CONFIG_WCE, BlkFeature.BLK_SIZE);
        BlkDevice device = new BlkDevice(disk(512, true, true));
        device.restrict(few);
        // CONFIG_WCE goes with FLUSH; what a read-only disk is cannot be kept secret
        assertThat(device.offered())
                .isEqualTo(FeatureSet.of(RingFeature.VERSION_1, BlkFeature.BLK_SIZE, BlkFeature.RO));
        assertThat(device.queueCount()).isEqualTo(1);
        ByteBuffer config = config(device);
        assertThat(config.getLong(0)).isEqualTo(0x0102_0304_0506_0708L);
        assertThat(config.getLong(8)).as("size_max and seg_max").isZero();
        assertThat(config.getInt(16)).as("geometry").isZero();
        assertThat(config.getInt(20)).isEqualTo(512);
        assertThat(config.getLong(24)).as("topology").isZero();
        for (int i = BlkConfig.MAX_DISCARD_SECTORS; i < BlkConfig.BYTES; i++) {
            assertThat(config.get(i)).isZero();
        }
    }
}
