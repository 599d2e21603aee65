package dev.cipu.shim.conform;

import dev.cipu.shim.probe.Rig;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import java.util.Arrays;
import java.util.List;

/** Block devices: configuration, and requests that change or refuse to change what is stored. {@code [virtio-1.4 §5.2]} */
final class BlkChecks {
    /** As much as any device without zones has. */
    private static final int CONFIG_BYTES = 60;

    private static final int DATA = 4096;
    private static final int PLACE = 64;

    private BlkChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.blk(BlkChecks::flushOffered, "BK-001", "BK-002"),
                Check.blk(BlkChecks::writeback, "BK-003"),
                Check.blk(BlkChecks::unusedFields, "BK-004"),
                Check.blk(BlkChecks::notZoned, "BK-005", "BK-007", "BK-037"),
                Check.blk(BlkChecks::readOnly, "BK-020", "BK-021"),
                Check.blk(BlkChecks::unknownFlags, "BK-022"),
                Check.blk(BlkChecks::discardUnmap, "BK-023"),
                Check.blk(BlkChecks::discard, "BK-024"),
                Check.blk(BlkChecks::writeZeroes, "BK-025", "BK-026"),
                Check.blk(BlkChecks::mayUnmap, "BK-027"),
                Check.blk(BlkChecks::writeThrough, "BK-030", "BK-031"),
                Check.blk(BlkChecks::flush, "BK-032"),
                Check.blk(BlkChecks::lifetime, "BK-034", "BK-035", "BK-036"));
    }

    /** What a device with these features has at least. */
    static int configBytes(FeatureSet offered) {
        return offered.has(BlkFeature.ZONED) ? BlkConfig.BYTES : CONFIG_BYTES;
    }

    /** For checks that write where they like. */
    static void needWritable(Trial trial) {
        trial.need(!has(trial, BlkFeature.RO), "the device is read-only");
        trial.need(ZonedDisk.beginsFree(trial), "the disk has to be written in order from its first zone on");
    }

    private static boolean has(Trial trial, int bit) {
        return trial.offered().has(bit);
    }

    private static void flushOffered(Trial trial) {
        boolean flush = has(trial, BlkFeature.FLUSH);
        trial.check("BK-001", flush, "FLUSH is " + (flush ? "" : "not ") + "offered");
        boolean mode = has(trial, BlkFeature.CONFIG_WCE);
        trial.check("BK-002", flush || !mode, "CONFIG_WCE is " + (mode ? "" : "not ") + "offered");
    }

    private static void writeback(Trial trial) {
        trial.needFeature(BlkFeature.CONFIG_WCE, "CONFIG_WCE");
        Disk disk = Disk.start(trial, BlkFeature.CONFIG_WCE);
        int mode = Byte.toUnsignedInt(disk.rig().config(BlkConfig.WRITEBACK, 1)[0]);
        trial.check("BK-003", mode == 0, "writeback starts as " + mode + " without FLUSH");
    }

    private static void unusedFields(Trial trial) {
        byte[] config = trial.connect().config(0, CONFIG_BYTES);
        boolean zero = config[33] == 0 && config[57] == 0 && config[58] == 0 && config[59] == 0;
        trial.check("BK-004", zero, zero ? "unused bytes are 0" : "unused bytes are not 0");
    }

    private static void notZoned(Trial trial) {
        boolean zoned = has(trial, BlkFeature.ZONED);
        int model = trial.survey().zoneModel();
        trial.check(
                "BK-005",
                !zoned || model != 0,
                zoned ? "ZONED is offered, the model is " + model : "ZONED is not offered");
        trial.need(!trial.survey().isHostManaged(), "a host-managed disk cannot be used without ZONED");
        if (zoned) {
            byte[] fields = trial.connect().accept(Rig.LEAST).config(BlkConfig.ZONE_SECTORS, 24);
            boolean zero = Arrays.equals(fields, new byte[24]);
            trial.check("BK-007", zero, "it goes on without ZONED, the fields of zones " + (zero ? "0" : "not 0"));
        } else {
            trial.pass("BK-007", "it goes on without ZONED");
        }
        Disk disk = Disk.start(trial);
        for (int type = Disk.ZONE_APPEND; type <= Disk.ZONE_RESET_ALL; type++) {
            int status = disk.request(type, 0, new byte[0], 0).status();
            if (status != BlkRequest.UNSUPP) {
                trial.fail("BK-037", "zone request " + type + ": " + Disk.name(status));
                return;
            }
        }
        trial.pass("BK-037", "zone requests are UNSUPP");
    }

    private static void readOnly(Trial trial) {
        trial.needFeature(BlkFeature.RO, "RO");
        Disk disk = Disk.start(trial);
        byte[] before = Disk.data(disk.read(0, DATA));
        int status = disk.write(0, Disk.pattern(DATA, 1)).status();
        trial.check("BK-020", status == BlkRequest.IOERR, "a write: " + Disk.name(status));
        boolean same = Arrays.equals(before, Disk.data(disk.read(0, DATA)));
        trial.check("BK-021", same, same ? "the data is as it was" : "the data has changed");
    }

    private static void unknownFlags(Trial trial) {
        boolean any = has(trial, BlkFeature.DISCARD) || has(trial, BlkFeature.WRITE_ZEROES);
        trial.need(any, "neither DISCARD nor WRITE_ZEROES is offered");
        Disk disk = Disk.start(trial, BlkFeature.DISCARD, BlkFeature.WRITE_ZEROES);
        int[][] types = {{BlkFeature.DISCARD, BlkRequest.DISCARD}, {BlkFeature.WRITE_ZEROES, BlkRequest.WRITE_ZEROES}};
        for (int[] type : types) {
            for (int bit = 1; has(trial, type[0]) && bit < 32; bit++) {
                int status = disk.request(type[1], 0, Disk.segment(PLACE, 8, 1 << bit), 0)
                        .status();
                if (status != BlkRequest.UNSUPP) {
                    trial.fail("BK-022", "request " + type[1] + " with flag bit " + bit + ": " + Disk.name(status));
                    return;
                }
            }
        }
        trial.pass("BK-022", "31 unknown flags are UNSUPP");
    }

    private static void discardUnmap(Trial trial) {
        trial.needFeature(BlkFeature.DISCARD, "DISCARD");
        Disk disk = Disk.start(trial, BlkFeature.DISCARD);
        int status = disk.request(BlkRequest.DISCARD, 0, Disk.segment(PLACE, 8, BlkRequest.SEGMENT_UNMAP), 0)
                .status();
        trial.check("BK-023", status == BlkRequest.UNSUPP, "a discard with the unmap flag: " + Disk.name(status));
    }

    private static void discard(Trial trial) {
        trial.needFeature(BlkFeature.DISCARD, "DISCARD");
        Disk disk = Disk.start(trial, BlkFeature.DISCARD);
        int status = disk.request(BlkRequest.DISCARD, 0, Disk.segment(PLACE, 8, 0), 0)
                .status();
        trial.check("BK-024", status == BlkRequest.OK, "a discard: " + Disk.name(status));
    }

    private static void writeZeroes(Trial trial) {
        trial.needFeature(BlkFeature.WRITE_ZEROES, "WRITE_ZEROES");
        needWritable(trial);
        Disk disk = Disk.start(trial, BlkFeature.WRITE_ZEROES);
        for (int flags = 0; flags <= BlkRequest.SEGMENT_UNMAP; flags++) {
            trial.need(disk.write(PLACE, Disk.pattern(DATA, 2)).ok(), "a write fails");
            int sectors = DATA / 2 / BlkRequest.SECTOR_BYTES;
            int status = disk.request(BlkRequest.WRITE_ZEROES, 0, Disk.segment(PLACE, sectors, flags), 0)
                    .status();
            byte[] data = Disk.data(disk.read(PLACE, DATA));
            byte[] expected = Disk.pattern(DATA, 2);
            Arrays.fill(expected, 0, DATA / 2, (byte) 0);
            String how = "write-zeroes with flags " + flags + ": " + Disk.name(status);
            boolean zeroed = status == BlkRequest.OK && Arrays.equals(data, expected);
            trial.check("BK-026", zeroed, how + (zeroed ? ", zeros, and its neighbours as they were" : ", not zero"));
        }
        trial.pass("BK-025", "write_zeroes_may_unmap is " + disk.u8(BlkConfig.WRITE_ZEROES_MAY_UNMAP));
    }

    private static void mayUnmap(Trial trial) {
        trial.needFeature(BlkFeature.WRITE_ZEROES, "WRITE_ZEROES");
        int value = Disk.start(trial).u8(BlkConfig.WRITE_ZEROES_MAY_UNMAP);
        trial.check("BK-027", value <= 1, "write_zeroes_may_unmap is " + value);
    }

    /** That data lies where it will stay cannot be seen; that a write is answered and read back can. */
    private static void writeThrough(Trial trial) {
        needWritable(trial);
        String seen = "written and read back; whether it lies on storage cannot be seen from here";
        Disk disk = Disk.start(trial);
        trial.check("BK-030", isKept(disk, 3), seen);
        if (!has(trial, BlkFeature.CONFIG_WCE)) {
            trial.skip("BK-031", "CONFIG_WCE is not offered");
            return;
        }
        Disk through = Disk.start(trial, BlkFeature.CONFIG_WCE);
        trial.check("BK-031", isKept(through, 4), seen);
    }

    private static boolean isKept(Disk disk, int seed) {
        byte[] data = Disk.pattern(DATA, seed);
        return disk.write(PLACE, data).ok() && Arrays.equals(Disk.data(disk.read(PLACE, DATA)), data);
    }

    private static void flush(Trial trial) {
        trial.needFeature(BlkFeature.FLUSH, "FLUSH");
        boolean free = !has(trial, BlkFeature.RO) && ZonedDisk.beginsFree(trial);
        Disk disk = Disk.start(trial, BlkFeature.FLUSH);
        boolean kept = !free || isKept(disk, 5);
        int status = disk.request(BlkRequest.FLUSH, 0, new byte[0], 0).status();
        trial.check(
                "BK-032",
                kept && status == BlkRequest.OK,
                "flush after a write: " + Disk.name(status) + "; whether it lies on storage cannot be seen from here");
    }

    private static void lifetime(Trial trial) {
        boolean offered = has(trial, BlkFeature.LIFETIME);
        trial.skip(
                "BK-034",
                "what storage lies behind cannot be seen; LIFETIME is " + (offered ? "" : "not ") + "offered");
        if (!offered) {
            trial.pass("BK-035", "LIFETIME is not offered");
            trial.skip("BK-036", "LIFETIME is not offered");
            return;
        }
        Disk.Answer answer = Disk.start(trial, BlkFeature.LIFETIME).request(Disk.GET_LIFETIME, 0, new byte[0], 6);
        trial.check("BK-035", answer.ok(), "a request for it: " + Disk.name(answer.status()));
        int preEol = answer.in()[0] | answer.in()[1] << 8;
        trial.check("BK-036", preEol >= 0 && preEol <= 3, "pre_eol_info is " + preEol);
    }
}
