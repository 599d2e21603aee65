package dev.cipu.virtio.ring;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.MemoryLayout.PathElement.sequenceElement;
import static java.lang.foreign.MemoryLayout.sequenceLayout;
import static java.lang.foreign.MemoryLayout.structLayout;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.net.NetConfig;
import dev.cipu.virtio.net.NetHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The structures as the specification writes them, against the offsets that the code uses. */
class LayoutTest {
    private static final ValueLayout U8 = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    // [virtio-1.4 §2.7.5] struct virtq_desc
    private static final StructLayout DESCRIPTOR =
            structLayout(LE64.withName("addr"), LE32.withName("len"), LE16.withName("flags"), LE16.withName("next"));

    // [virtio-1.4 §5.1.6] struct virtio_net_hdr
    private static final StructLayout NET_HEADER = structLayout(
            U8.withName("flags"),
            U8.withName("gso_type"),
            LE16.withName("hdr_len"),
            LE16.withName("gso_size"),
            LE16.withName("csum_start"),
            LE16.withName("csum_offset"),
            LE16.withName("num_buffers"));

    private static long at(MemoryLayout layout, String field) {
        return layout.byteOffset(groupElement(field));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8, 256, 32768})
    void splitRing(int size) {
        // [virtio-1.4 §2.7.6] struct virtq_avail, [virtio-1.4 §2.7.8] struct virtq_used
        SequenceLayout heads = sequenceLayout(size, LE16);
        StructLayout avail = structLayout(
                LE16.withName("flags"), LE16.withName("idx"), heads.withName("ring"), LE16.withName("used_event"));
        StructLayout element = structLayout(LE32.withName("id"), LE32.withName("len"));
        StructLayout used = structLayout(
                LE16.withName("flags"),
                LE16.withName("idx"),
                sequenceLayout(size, element).withName("ring"),
                LE16.withName("avail_event"));

        assertThat(SplitLayout.descriptorBytes(size))
                .isEqualTo(sequenceLayout(size, DESCRIPTOR).byteSize());
        for (StructLayout part : new StructLayout[] {avail, used}) {
            assertThat(at(part, "flags")).isEqualTo(SplitLayout.FLAGS);
            assertThat(at(part, "idx")).isEqualTo(SplitLayout.INDEX);
            assertThat(at(part, "ring")).isEqualTo(SplitLayout.RING);
        }
        assertThat(at(avail, "used_event")).isEqualTo(SplitLayout.usedEvent(size));
        assertThat(at(used, "avail_event")).isEqualTo(SplitLayout.availEvent(size));
        assertThat(avail.byteSize()).isEqualTo(SplitLayout.availBytes(size)).isEqualTo(6 + 2L * size);
        assertThat(used.byteSize()).isEqualTo(SplitLayout.usedBytes(size)).isEqualTo(6 + 8L * size);
        assertThat(avail.byteOffset(groupElement("ring"), sequenceElement(size - 1)))
                .isEqualTo(SplitLayout.RING + (long) SplitLayout.AVAIL_ENTRY_BYTES * (size - 1));
        assertThat(used.byteOffset(groupElement("ring"), sequenceElement(size - 1)))
                .isEqualTo(SplitLayout.RING + (long) SplitLayout.USED_ENTRY_BYTES * (size - 1));
    }

    @Test
    void splitConstants() {
        assertThat(DESCRIPTOR.byteSize()).isEqualTo(SplitLayout.DESCRIPTOR_BYTES);
        // the code reads len, flags and next as one long
        assertThat(at(DESCRIPTOR, "len")).isEqualTo(8);
        assertThat(at(DESCRIPTOR, "flags")).isEqualTo(12);
        assertThat(at(DESCRIPTOR, "next")).isEqualTo(14);
        assertThat(new int[] {SplitLayout.DESCRIPTOR_ALIGN, SplitLayout.AVAIL_ALIGN, SplitLayout.USED_ALIGN})
                .containsExactly(16, 2, 4);
        assertThat(new int[] {SplitLayout.FLAG_NEXT, SplitLayout.FLAG_WRITE, SplitLayout.FLAG_INDIRECT})
                .containsExactly(1, 2, 4);
        assertThat(SplitLayout.AVAIL_NO_INTERRUPT).isEqualTo(1);
        assertThat(SplitLayout.USED_NO_NOTIFY).isEqualTo(1);
        assertThat(SplitLayout.MAX_SIZE).isEqualTo(32768);
    }

    /** {@code vring_need_event} of the specification, over every distance and around the wrap. */
    @Test
    void needEventAgreesWithTheSpecification() {
        for (int old : new int[] {0, 1, 0x7ffe, 0x7fff, 0x8000, 0xfffe, 0xffff}) {
            for (int moved = 0; moved < 12; moved++) {
                int now = (old + moved) % 0x10000;
                for (int event = 0; event < 0x10000; event++) {
                    boolean passed = false;
                    for (int step = 0; step < moved; step++) {
                        passed |= (old + step) % 0x10000 == event;
                    }
                    if (SplitLayout.needEvent(event, now, old) != passed) {
                        throw new AssertionError("event " + event + " from " + old + " to " + now);
                    }
                }
            }
        }
    }

    @Test
    void netHeader() {
        assertThat(NET_HEADER.byteSize()).isEqualTo(NetHeader.BYTES);
        assertThat(at(NET_HEADER, "num_buffers")).isEqualTo(NetHeader.NUM_BUFFERS);
        MemorySegment header = Arena.ofAuto().allocate(NetHeader.BYTES);
        header.set(ValueLayout.JAVA_BYTE, at(NET_HEADER, "flags"), (byte) 0x81);
        header.set(ValueLayout.JAVA_BYTE, at(NET_HEADER, "gso_type"), (byte) 0x82);
        header.set(LE16, at(NET_HEADER, "hdr_len"), (short) 0x8384);
        header.set(LE16, at(NET_HEADER, "gso_size"), (short) 0x8586);
        header.set(LE16, at(NET_HEADER, "csum_start"), (short) 0x8788);
        header.set(LE16, at(NET_HEADER, "csum_offset"), (short) 0x898a);
        header.set(LE16, at(NET_HEADER, "num_buffers"), (short) 0x8b8c);
        long first = header.get(LE64, 0);
        int last = header.get(LE32, 8);
        assertThat(NetHeader.flags(first)).isEqualTo(0x81);
        assertThat(NetHeader.gsoType(first)).isEqualTo(0x82);
        assertThat(NetHeader.headerLength(first)).isEqualTo(0x8384);
        assertThat(NetHeader.gsoSize(first)).isEqualTo(0x8586);
        assertThat(NetHeader.csumStart(first)).isEqualTo(0x8788);
        assertThat(NetHeader.first(0x81, 0x82, 0x8384, 0x8586, 0x8788)).isEqualTo(first);
        assertThat(NetHeader.csumOffset(last)).isEqualTo(0x898a);
    }

    @Test
    void netHeaderThatAsksForAChecksum() {
        long first = NetHeader.partialChecksum(0xfff0);
        assertThat(NetHeader.flags(first)).isEqualTo(NetHeader.FLAG_NEEDS_CSUM);
        assertThat(NetHeader.gsoType(first)).isEqualTo(NetHeader.GSO_NONE);
        assertThat(NetHeader.csumStart(first)).isEqualTo(0xfff0);
    }

    @Test
    void netConfig() {
        // [virtio-1.4 §5.1.4] struct virtio_net_config
        StructLayout config = structLayout(
                sequenceLayout(6, U8).withName("mac"),
                LE16.withName("status"),
                LE16.withName("max_virtqueue_pairs"),
                LE16.withName("mtu"),
                LE32.withName("speed"),
                U8.withName("duplex"),
                U8.withName("rss_max_key_size"),
                LE16.withName("rss_max_indirection_table_length"),
                LE32.withName("supported_hash_types"),
                LE32.withName("supported_tunnel_types"));
        assertThat(config.byteSize()).isEqualTo(NetConfig.BYTES);
        assertThat(at(config, "mac")).isEqualTo(NetConfig.MAC);
        assertThat(at(config, "status")).isEqualTo(NetConfig.STATUS);
        assertThat(at(config, "max_virtqueue_pairs")).isEqualTo(NetConfig.MAX_PAIRS);
        assertThat(at(config, "mtu")).isEqualTo(NetConfig.MTU);
        assertThat(at(config, "speed")).isEqualTo(NetConfig.SPEED);
        assertThat(at(config, "duplex")).isEqualTo(NetConfig.DUPLEX);
        assertThat(at(config, "rss_max_key_size")).isEqualTo(NetConfig.RSS_MAX_KEY);
        assertThat(at(config, "rss_max_indirection_table_length")).isEqualTo(NetConfig.RSS_MAX_TABLE);
        assertThat(at(config, "supported_hash_types")).isEqualTo(NetConfig.HASH_TYPES);
        assertThat(at(config, "supported_tunnel_types")).isEqualTo(NetConfig.TUNNEL_TYPES);
    }

    @Test
    void blkConfig() {
        // [virtio-1.4 §5.2.4] struct virtio_blk_config
        StructLayout geometry = structLayout(LE16.withName("cylinders"), U8.withName("heads"), U8.withName("sectors"));
        StructLayout topology = structLayout(
                U8.withName("physical_block_exp"),
                U8.withName("alignment_offset"),
                LE16.withName("min_io_size"),
                LE32.withName("opt_io_size"));
        StructLayout zoned = structLayout(
                LE32.withName("zone_sectors"),
                LE32.withName("max_open_zones"),
                LE32.withName("max_active_zones"),
                LE32.withName("max_append_sectors"),
                LE32.withName("write_granularity"),
                U8.withName("model"),
                sequenceLayout(3, U8).withName("unused2"));
        StructLayout config = structLayout(
                LE64.withName("capacity"),
                LE32.withName("size_max"),
                LE32.withName("seg_max"),
                geometry.withName("geometry"),
                LE32.withName("blk_size"),
                topology.withName("topology"),
                U8.withName("writeback"),
                U8.withName("unused0"),
                LE16.withName("num_queues"),
                LE32.withName("max_discard_sectors"),
                LE32.withName("max_discard_seg"),
                LE32.withName("discard_sector_alignment"),
                LE32.withName("max_write_zeroes_sectors"),
                LE32.withName("max_write_zeroes_seg"),
                U8.withName("write_zeroes_may_unmap"),
                sequenceLayout(3, U8).withName("unused1"),
                LE32.withName("max_secure_erase_sectors"),
                LE32.withName("max_secure_erase_seg"),
                LE32.withName("secure_erase_sector_alignment"),
                zoned.withName("zoned"));
        assertThat(config.byteSize()).isEqualTo(BlkConfig.BYTES);
        assertThat(at(config, "capacity")).isEqualTo(BlkConfig.CAPACITY);
        assertThat(at(config, "size_max")).isEqualTo(BlkConfig.SIZE_MAX);
        assertThat(at(config, "seg_max")).isEqualTo(BlkConfig.SEG_MAX);
        assertThat(at(config, "blk_size")).isEqualTo(BlkConfig.BLK_SIZE);
        long at = at(config, "topology");
        assertThat(at + at(topology, "physical_block_exp")).isEqualTo(BlkConfig.PHYSICAL_BLOCK_EXP);
        assertThat(at + at(topology, "alignment_offset")).isEqualTo(BlkConfig.ALIGNMENT_OFFSET);
        assertThat(at + at(topology, "min_io_size")).isEqualTo(BlkConfig.MIN_IO_SIZE);
        assertThat(at + at(topology, "opt_io_size")).isEqualTo(BlkConfig.OPT_IO_SIZE);
        assertThat(at(config, "writeback")).isEqualTo(BlkConfig.WRITEBACK);
        assertThat(at(config, "num_queues")).isEqualTo(BlkConfig.NUM_QUEUES);
        assertThat(at(config, "max_discard_sectors")).isEqualTo(BlkConfig.MAX_DISCARD_SECTORS);
        assertThat(at(config, "max_discard_seg")).isEqualTo(BlkConfig.MAX_DISCARD_SEG);
        assertThat(at(config, "discard_sector_alignment")).isEqualTo(BlkConfig.DISCARD_SECTOR_ALIGNMENT);
        assertThat(at(config, "max_write_zeroes_sectors")).isEqualTo(BlkConfig.MAX_WRITE_ZEROES_SECTORS);
        assertThat(at(config, "max_write_zeroes_seg")).isEqualTo(BlkConfig.MAX_WRITE_ZEROES_SEG);
        assertThat(at(config, "write_zeroes_may_unmap")).isEqualTo(BlkConfig.WRITE_ZEROES_MAY_UNMAP);
        assertThat(at(config, "max_secure_erase_sectors")).isEqualTo(BlkConfig.MAX_SECURE_ERASE_SECTORS);
        assertThat(at(config, "max_secure_erase_seg")).isEqualTo(BlkConfig.MAX_SECURE_ERASE_SEG);
        assertThat(at(config, "secure_erase_sector_alignment")).isEqualTo(BlkConfig.SECURE_ERASE_SECTOR_ALIGNMENT);
        long zones = at(config, "zoned");
        assertThat(zones + at(zoned, "zone_sectors")).isEqualTo(BlkConfig.ZONE_SECTORS);
        assertThat(zones + at(zoned, "max_open_zones")).isEqualTo(BlkConfig.MAX_OPEN_ZONES);
        assertThat(zones + at(zoned, "max_active_zones")).isEqualTo(BlkConfig.MAX_ACTIVE_ZONES);
        assertThat(zones + at(zoned, "max_append_sectors")).isEqualTo(BlkConfig.MAX_APPEND_SECTORS);
        assertThat(zones + at(zoned, "write_granularity")).isEqualTo(BlkConfig.WRITE_GRANULARITY);
        assertThat(zones + at(zoned, "model")).isEqualTo(BlkConfig.ZONED_MODEL);
    }

    @Test
    void blkRequest() {
        // [virtio-1.4 §5.2.6] the fixed head of struct virtio_blk_req, struct virtio_blk_discard_write_zeroes
        StructLayout head = structLayout(LE32.withName("type"), LE32.withName("reserved"), LE64.withName("sector"));
        StructLayout segment =
                structLayout(LE64.withName("sector"), LE32.withName("num_sectors"), LE32.withName("flags"));
        assertThat(head.byteSize()).isEqualTo(BlkRequest.HEADER_BYTES);
        assertThat(segment.byteSize()).isEqualTo(BlkRequest.SEGMENT_BYTES);
        assertThat(new int[] {
                    BlkRequest.IN,
                    BlkRequest.OUT,
                    BlkRequest.FLUSH,
                    BlkRequest.GET_ID,
                    BlkRequest.DISCARD,
                    BlkRequest.WRITE_ZEROES
                })
                .containsExactly(0, 1, 4, 8, 11, 13);
        assertThat(new byte[] {BlkRequest.OK, BlkRequest.IOERR, BlkRequest.UNSUPP})
                .containsExactly(0, 1, 2);
        assertThat(BlkRequest.SERIAL_BYTES).isEqualTo(20);
    }
}
