package dev.cipu.shim.conform;

import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import java.util.Arrays;
import java.util.List;

/** Block requests as their format is described: framing, limits, and the answers to what no disk can do. {@code [virtio-1.4 §5.2.6]} */
final class RequestChecks {
    private static final int DATA = 4096;
    private static final int PLACE = 128;
    private static final int SECTOR = BlkRequest.SECTOR_BYTES;

    private RequestChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.blk(RequestChecks::writeAndRead, "BQ-001", "BQ-002"),
                Check.blk(RequestChecks::lastSector, "BQ-003"),
                Check.blk(RequestChecks::beyondTheEnd, "BQ-004"),
                Check.blk(RequestChecks::acrossTheEnd, "BQ-005"),
                Check.blk(RequestChecks::wrappingSector, "BQ-006"),
                Check.blk(RequestChecks::unknownType, "BQ-007"),
                Check.blk(RequestChecks::identity, "BQ-008", "BQ-009"),
                Check.blk(RequestChecks::statusIsLast, "BQ-010"),
                Check.blk(RequestChecks::headerWithData, "BQ-011"),
                Check.blk(RequestChecks::headerInPieces, "BQ-012"),
                Check.blk(RequestChecks::dataInPieces, "BQ-013"),
                Check.blk(RequestChecks::usedLengths, "BQ-014"),
                Check.blk(RequestChecks::rangeBeyondTheEnd, "BQ-015"),
                Check.blk(RequestChecks::brokenRange, "BQ-016"),
                Check.blk(RequestChecks::severalRanges, "BQ-017"),
                Check.blk(RequestChecks::manyAtOnce, "BQ-018"),
                Check.blk(RequestChecks::oddLength, "BQ-019"),
                Check.blk(RequestChecks::scsi, "BQ-020"));
    }

    private static Disk writable(Trial trial, int... features) {
        BlkChecks.needWritable(trial);
        return Disk.start(trial, features);
    }

    private static void writeAndRead(Trial trial) {
        Disk disk = writable(trial);
        byte[] data = Disk.pattern(DATA, 11);
        Disk.Answer written = disk.write(PLACE, data);
        trial.check("BQ-001", written.ok(), "a write of " + DATA + " bytes: " + Disk.name(written.status()));
        Disk.Answer read = disk.read(PLACE, DATA);
        boolean same = read.ok() && Arrays.equals(Disk.data(read), data);
        trial.check("BQ-002", same, "read back: " + Disk.name(read.status()) + (same ? ", the same" : ", different"));
    }

    private static void lastSector(Trial trial) {
        Disk disk = Disk.start(trial);
        int bytes = trial.survey().blockBytes();
        int status = disk.read(disk.sectors() - bytes / SECTOR, bytes).status();
        trial.check("BQ-003", status == BlkRequest.OK, "the last block: " + Disk.name(status));
    }

    private static void beyondTheEnd(Trial trial) {
        Disk disk = Disk.start(trial);
        int read = disk.read(disk.sectors(), DATA).status();
        int written = disk.write(disk.sectors(), new byte[DATA]).status();
        boolean refused = read == BlkRequest.IOERR && written == BlkRequest.IOERR;
        trial.check("BQ-004", refused, "read " + Disk.name(read) + ", write " + Disk.name(written));
    }

    private static void acrossTheEnd(Trial trial) {
        Disk disk = Disk.start(trial);
        int status = disk.read(disk.sectors() - trial.survey().blockBytes() / SECTOR, 2 * DATA)
                .status();
        trial.check("BQ-005", status == BlkRequest.IOERR, "from the last block on: " + Disk.name(status));
    }

    private static void wrappingSector(Trial trial) {
        Disk disk = Disk.start(trial);
        for (long sector : new long[] {-1L, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 55, -8L}) {
            int status = disk.read(sector, DATA).status();
            if (status != BlkRequest.IOERR) {
                trial.fail("BQ-006", "sector 0x" + Long.toHexString(sector) + ": " + Disk.name(status));
                return;
            }
        }
        trial.pass("BQ-006", "sector numbers that wrap are IOERR");
    }

    private static void unknownType(Trial trial) {
        Disk disk = Disk.start(trial);
        for (int type : new int[] {3, 5, 6, 7, 9, 12, 31, 0x7fffffff, -1}) {
            int status = disk.request(type, 0, new byte[0], 0).status();
            if (status != BlkRequest.UNSUPP) {
                trial.fail("BQ-007", "type " + type + ": " + Disk.name(status));
                return;
            }
        }
        trial.pass("BQ-007", "nine unknown types are UNSUPP");
    }

    private static void identity(Trial trial) {
        Disk disk = Disk.start(trial);
        Disk.Answer answer = disk.request(BlkRequest.GET_ID, 0, new byte[0], BlkRequest.SERIAL_BYTES);
        String text = new String(answer.in(), 0, BlkRequest.SERIAL_BYTES, java.nio.charset.StandardCharsets.ISO_8859_1)
                .replaceAll("[^ -~]", "");
        trial.check("BQ-008", answer.ok(), Disk.name(answer.status()) + ", \"" + text + "\"");
        Disk.Answer large = disk.request(BlkRequest.GET_ID, 0, new byte[0], DATA);
        int end = DATA;
        while (end > 0 && large.in()[end - 1] == (byte) Disk.UNTOUCHED) {
            end--;
        }
        trial.check(
                "BQ-009",
                end <= BlkRequest.SERIAL_BYTES,
                Disk.name(large.status()) + ", " + end + " bytes written into a buffer of " + DATA);
    }

    private static void statusIsLast(Trial trial) {
        Disk disk = Disk.start(trial);
        Disk.Answer answer = disk.framed(
                Disk.header(BlkRequest.IN, 0), new int[] {BlkRequest.HEADER_BYTES}, DATA + 1, new int[] {DATA + 1});
        trial.check("BQ-010", answer.ok(), "data and status in one buffer: " + Disk.name(answer.status()));
    }

    private static void headerWithData(Trial trial) {
        Disk disk = writable(trial);
        byte[] data = Disk.pattern(DATA, 12);
        byte[] out = Disk.join(Disk.header(BlkRequest.OUT, PLACE), data);
        Disk.Answer answer = disk.framed(out, new int[] {out.length}, 1, new int[] {1});
        boolean kept = answer.ok() && Arrays.equals(Disk.data(disk.read(PLACE, DATA)), data);
        trial.check("BQ-011", kept, "header and data in one buffer: " + Disk.name(answer.status()));
    }

    private static void headerInPieces(Trial trial) {
        Disk disk = writable(trial);
        byte[] data = Disk.pattern(DATA, 13);
        byte[] out = Disk.join(Disk.header(BlkRequest.OUT, PLACE), data);
        // the last piece has the end of the header and some data
        Disk.Answer answer = disk.framed(out, new int[] {1, 3, 4, 4, 100}, 1, new int[] {1});
        boolean kept = answer.ok() && Arrays.equals(Disk.data(disk.read(PLACE, DATA)), data);
        trial.check("BQ-012", kept, "a header in five buffers: " + Disk.name(answer.status()));
    }

    private static void dataInPieces(Trial trial) {
        Disk disk = writable(trial);
        byte[] data = Disk.pattern(DATA, 14);
        trial.need(disk.write(PLACE, data).ok(), "a write fails");
        Disk.Answer answer = disk.framed(
                Disk.header(BlkRequest.IN, PLACE), new int[] {BlkRequest.HEADER_BYTES}, DATA + 1, new int[] {
                    1, 511, 3, 1000, 7
                });
        boolean same = answer.ok() && Arrays.equals(Disk.data(answer), data);
        trial.check("BQ-013", same, "data in six uneven buffers: " + Disk.name(answer.status()));
    }

    private static void usedLengths(Trial trial) {
        Disk disk = Disk.start(trial);
        long read = disk.read(0, DATA).length();
        long failed = disk.read(disk.sectors(), DATA).length();
        long flushed = disk.request(BlkRequest.FLUSH, 0, new byte[0], 0).length();
        trial.check(
                "BQ-014",
                read == DATA + 1 && flushed == 1 && failed <= DATA + 1,
                "read " + read + ", flush " + flushed + ", read that failed " + failed);
    }

    private static void rangeBeyondTheEnd(Trial trial) {
        trial.needFeature(BlkFeature.WRITE_ZEROES, "WRITE_ZEROES");
        Disk disk = Disk.start(trial, BlkFeature.WRITE_ZEROES);
        for (long sector : new long[] {disk.sectors(), disk.sectors() - 1, -1L, Long.MAX_VALUE}) {
            int status = disk.request(BlkRequest.WRITE_ZEROES, 0, Disk.segment(sector, 8, 0), 0)
                    .status();
            if (status != BlkRequest.IOERR) {
                trial.fail("BQ-015", "write-zeroes at 0x" + Long.toHexString(sector) + ": " + Disk.name(status));
                return;
            }
        }
        trial.pass("BQ-015", "ranges outside the disk are IOERR");
    }

    private static void brokenRange(Trial trial) {
        trial.needFeature(BlkFeature.WRITE_ZEROES, "WRITE_ZEROES");
        Disk disk = Disk.start(trial, BlkFeature.WRITE_ZEROES);
        for (int bytes : new int[] {0, 1, 15, 17}) {
            byte[] payload = Arrays.copyOf(Disk.segment(PLACE, 8, 0), bytes);
            int status = disk.request(BlkRequest.WRITE_ZEROES, 0, payload, 0).status();
            if (status == BlkRequest.OK || status == Disk.UNTOUCHED) {
                trial.fail("BQ-016", "write-zeroes with " + bytes + " bytes of ranges: " + Disk.name(status));
                return;
            }
        }
        trial.pass("BQ-016", "0, 1, 15 and 17 bytes of ranges are refused");
    }

    private static void severalRanges(Trial trial) {
        trial.needFeature(BlkFeature.WRITE_ZEROES, "WRITE_ZEROES");
        Disk disk = writable(trial, BlkFeature.WRITE_ZEROES);
        trial.need(disk.u32(dev.cipu.virtio.blk.BlkConfig.MAX_WRITE_ZEROES_SEG) > 1, "max_write_zeroes_seg is 1");
        trial.need(disk.write(PLACE, Disk.pattern(3 * DATA, 15)).ok(), "a write fails");
        int sectors = DATA / SECTOR;
        byte[] two = Disk.join(Disk.segment(PLACE, sectors, 0), Disk.segment(PLACE + 2L * sectors, sectors, 0));
        int status = disk.request(BlkRequest.WRITE_ZEROES, 0, two, 0).status();
        byte[] expected = Disk.pattern(3 * DATA, 15);
        Arrays.fill(expected, 0, DATA, (byte) 0);
        Arrays.fill(expected, 2 * DATA, 3 * DATA, (byte) 0);
        boolean right = status == BlkRequest.OK && Arrays.equals(Disk.data(disk.read(PLACE, 3 * DATA)), expected);
        trial.check("BQ-017", right, "two ranges in one request: " + Disk.name(status));
    }

    private static void manyAtOnce(Trial trial) {
        Disk disk = Disk.start(trial);
        int count = 40;
        long header = disk.rig().allocate(BlkRequest.HEADER_BYTES);
        long[] in = new long[count];
        for (int i = 0; i < count; i++) {
            in[i] = disk.rig().allocate(SECTOR + 1);
            disk.rig().memory().slice(in[i], SECTOR + 1L).fill((byte) Disk.UNTOUCHED);
            disk.queue()
                    .add(List.of(
                            Part.readable(header, BlkRequest.HEADER_BYTES),
                            Part.writable(in[i], DATA / 8),
                            Part.writable(in[i] + SECTOR, 1)));
        }
        disk.queue().publish();
        int done = 0;
        RigQueue.Used used = disk.queue().take(trial.peer().timeout());
        while (used != null && ++done < count) {
            used = disk.queue().take(trial.peer().timeout());
        }
        trial.check("BQ-018", done == count, done + " of " + count + " requests published together are answered");
    }

    private static void oddLength(Trial trial) {
        Disk disk = writable(trial);
        int[] statuses = new int[3];
        int[] lengths = {1, 511, 513};
        for (int i = 0; i < lengths.length; i++) {
            statuses[i] = disk.write(PLACE, new byte[lengths[i]]).status();
        }
        boolean refused = Arrays.stream(statuses).noneMatch(s -> s == BlkRequest.OK || s == Disk.UNTOUCHED);
        trial.check(
                "BQ-019",
                refused,
                "writes of 1, 511, 513 bytes: " + Disk.name(statuses[0]) + ", " + Disk.name(statuses[1]) + ", "
                        + Disk.name(statuses[2]));
    }

    private static void scsi(Trial trial) {
        Disk disk = Disk.start(trial);
        int status = disk.request(Disk.SCSI, 0, new byte[32], 96).status();
        trial.check("BQ-020", status == BlkRequest.UNSUPP, "a SCSI command: " + Disk.name(status));
    }
}
