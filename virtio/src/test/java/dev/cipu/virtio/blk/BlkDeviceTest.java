package dev.cipu.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkDevice.Geometry;
import dev.cipu.virtio.conformance.Conforms;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class BlkDeviceTest {
    private static Geometry disk(int blockSize, boolean readOnly, boolean discard) {
        return new Geometry(0x0102_0304_0506_0708L, blockSize, readOnly, 0x203, "serial", discard);
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
        assertThat(config.getInt(16)).as("geometry").isZero();
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
    @Conforms({"BK-001", "BK-002"})
    void features() {
        FeatureSet base = FeatureSet.of(1, 2, 6, 9, 10, 11, 12, 28, 29, 32, 34);
        assertThat(new BlkDevice(disk(512, false, false)).offered()).isEqualTo(base);
        assertThat(new BlkDevice(disk(512, false, true)).offered())
                .isEqualTo(base.with(13).with(14));
        // what cannot be written cannot be discarded
        assertThat(new BlkDevice(disk(512, true, true)).offered()).isEqualTo(base.with(5));
        Geometry single = new Geometry(1, 512, false, 1, "", false);
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
            assertThatThrownBy(() -> new Geometry(sectors, 512, false, 1, "", false))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        for (int queues : new int[] {0, -1, 65536}) {
            assertThatThrownBy(() -> new Geometry(1, 512, false, queues, "", false))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> new Geometry(1, 512, false, 1, "x".repeat(21), false))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(new BlkDevice(new Geometry(1, 512, false, 65535, "x".repeat(20), false)).queueCount())
                .isEqualTo(65535);
    }
}
