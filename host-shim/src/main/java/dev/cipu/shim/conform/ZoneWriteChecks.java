package dev.cipu.shim.conform;

import dev.cipu.shim.conform.ZonedDisk.Zone;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkZone;
import java.util.Arrays;
import java.util.List;

/** Data and zones: the write pointer, appends, and what lies behind either. {@code [virtio-1.4 §5.2.6]} */
final class ZoneWriteChecks {
    private static final int SECTOR = BlkRequest.SECTOR_BYTES;

    /** Zones up to this size are filled; an append may be larger than a device takes by as much. */
    private static final int MOST_BYTES = 2 << 20;

    /** Of one request: more has to be written piece by piece. */
    private static final int PIECE = 64 << 10;

    private ZoneWriteChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.blk(ZoneWriteChecks::pointer, "BK-046", "BK-052", "BZ-005"),
                Check.blk(ZoneWriteChecks::unwritten, "BK-056", "BK-057"),
                Check.blk(ZoneWriteChecks::end, "BK-048", "BK-051"),
                Check.blk(ZoneWriteChecks::appends, "BK-047", "BK-049"),
                Check.blk(ZoneWriteChecks::appendElsewhere, "BK-039"),
                Check.blk(ZoneWriteChecks::largeAppend, "BK-050"),
                Check.blk(ZoneWriteChecks::failed, "BK-054", "BK-055"),
                Check.blk(ZoneWriteChecks::erase, "BK-058", "BK-059", "BK-060"));
    }

    private static void pointer(Trial trial) {
        ZonedDisk zoned = ZonedDisk.managed(trial);
        Zone zone = zoned.fresh();
        int unit = zoned.unit();
        int ahead = zoned.write(zone.start() + unit, unit, 1);
        unaligned(trial, "a write behind the pointer of an empty zone", ahead);
        int first = zoned.write(zone.start(), unit, 2);
        Zone written = zoned.again(zone);
        trial.check(
                "BK-046",
                first == BlkRequest.OK && written.state() == BlkZone.IMPLICITLY_OPEN,
                "a write to an empty zone: " + Disk.name(first) + ", its state is " + written.state());
        trial.check(
                "BZ-005",
                written.written() == unit,
                written.written() + " sectors are written after a write of " + unit);
        unaligned(trial, "the same write again", zoned.write(zone.start(), unit, 3));
        int second = zoned.write(zone.start() + unit, 2L * unit, 4);
        long now = zoned.again(zone).written();
        trial.check(
                "BZ-005",
                second == BlkRequest.OK && now == 3L * unit,
                now + " sectors are written after one of " + 2 * unit);
        boolean kept = Arrays.equals(
                Disk.data(zoned.disk().read(zone.start(), zoned.unitBytes())), Disk.pattern(zoned.unitBytes(), 2));
        trial.check("BZ-005", kept, "what was written first is " + (kept ? "still there" : "gone"));
    }

    private static void unaligned(Trial trial, String what, int status) {
        trial.check("BK-052", status == BlkRequest.ZONE_UNALIGNED_WP, what + ": " + Disk.name(status));
    }

    /** A pattern, or an error; never what was written before a reset. */
    private static void unwritten(Trial trial) {
        ZonedDisk zoned = ZonedDisk.start(trial);
        Zone zone = zoned.fresh();
        int bytes = zoned.unitBytes();
        byte[] old = Disk.pattern(bytes, 5);
        trial.need(zoned.disk().write(zone.start(), old).ok(), "a write fails");
        trial.need(zoned.command(BlkRequest.ZONE_RESET, zone.start()) == BlkRequest.OK, "a reset fails");
        Disk.Answer answer = zoned.disk().read(zone.start(), bytes);
        boolean same = answer.ok() && Arrays.equals(Disk.data(answer), old);
        String seen =
                "a read behind the pointer: " + Disk.name(answer.status()) + (same ? ", what was there before" : "");
        trial.check("BK-056", !same, seen);
        trial.check("BK-057", !same && answer.status() != Disk.UNTOUCHED, seen);
    }

    private static void end(Trial trial) {
        ZonedDisk zoned = ZonedDisk.managed(trial);
        List<Zone> zones = zoned.fresh(2);
        Zone zone = zones.getFirst();
        int unit = zoned.unit();
        trial.need(
                zone.capacity() * SECTOR <= MOST_BYTES,
                "zones of " + zone.capacity() + " sectors are too large to be filled");
        long left = zone.capacity() - unit;
        for (long at = 0; at < left; at += PIECE / SECTOR) {
            trial.need(
                    zoned.write(zone.start() + at, Math.min(PIECE / SECTOR, left - at), 6) == BlkRequest.OK,
                    "a zone cannot be filled");
        }
        long last = zone.start() + left;
        ZoneChecks.invalid(trial, "BK-048", "a write of two blocks where one is left", zoned.write(last, 2L * unit, 7));
        ZoneChecks.invalid(
                trial,
                "BK-048",
                "an append of two blocks where one is left",
                zoned.append(zone.start(), 2L * unit, 8).status());
        int over = zoned.disk().read(last, 2 * zoned.unitBytes()).status();
        ZoneChecks.invalid(trial, "BK-051", "a read over the end of a zone", over);
        int filled = zoned.write(last, unit, 9);
        int state = zoned.again(zone).state();
        trial.check(
                "BK-048",
                filled == BlkRequest.OK && state == BlkZone.FULL,
                "the last block: " + Disk.name(filled) + ", then the state is " + state);
        ZoneChecks.invalid(trial, "BK-048", "a write to a full zone", zoned.write(zone.start(), unit, 10));
        zoned.reset();
    }

    private static ZonedDisk appending(Trial trial) {
        ZonedDisk zoned = ZonedDisk.managed(trial);
        long most = zoned.disk().u32(BlkConfig.MAX_APPEND_SECTORS);
        trial.need(most >= zoned.unit(), "max_append_sectors is " + most + ": there are no appends");
        return zoned;
    }

    private static void appends(Trial trial) {
        ZonedDisk zoned = appending(trial);
        Zone zone = zoned.fresh();
        int unit = zoned.unit();
        int inside = zoned.append(zone.start() + unit, unit, 11).status();
        ZoneChecks.invalid(trial, "BK-047", "an append within a zone", inside);
        for (int i = 0; i < 4; i++) {
            Disk.Answer answer = zoned.append(zone.start(), unit, 20 + i);
            long wanted = zone.start() + (long) i * unit;
            boolean right = answer.ok() && ZonedDisk.appended(answer) == wanted;
            trial.check(
                    "BK-049",
                    right && isAt(zoned, wanted, 20 + i),
                    "append " + i + ": " + Disk.name(answer.status()) + ", sector " + ZonedDisk.appended(answer)
                            + " where " + wanted + " is the first free one");
        }
    }

    private static boolean isAt(ZonedDisk zoned, long sector, int seed) {
        Disk.Answer read = zoned.disk().read(sector, zoned.unitBytes());
        return read.ok() && Arrays.equals(Disk.data(read), Disk.pattern(zoned.unitBytes(), seed));
    }

    /** Only zones that have to be written in order take appends. */
    private static void appendElsewhere(Trial trial) {
        ZonedDisk zoned = ZonedDisk.start(trial);
        Zone zone = trial.survey().isHostManaged() ? zoned.conventional() : zoned.fresh();
        if (zone == null) {
            throw new Skipped("the disk has no zone but those that have to be written in order");
        }
        trial.need(zoned.disk().u32(BlkConfig.MAX_APPEND_SECTORS) > 0, "max_append_sectors is 0");
        int status = zoned.append(zone.start(), zoned.unit(), 12).status();
        ZoneChecks.invalid(trial, "BK-039", "an append to a zone of type " + zone.type(), status);
    }

    private static void largeAppend(Trial trial) {
        ZonedDisk zoned = ZonedDisk.managed(trial);
        Zone zone = zoned.fresh();
        long most = zoned.disk().u32(BlkConfig.MAX_APPEND_SECTORS);
        if (most == 0) {
            int status = zoned.append(zone.start(), zoned.unit(), 13).status();
            trial.check("BK-050", status == BlkRequest.UNSUPP, "an append where there are none: " + Disk.name(status));
            return;
        }
        trial.need(most * SECTOR <= MOST_BYTES, "appends of " + most + " sectors are too large to be tried");
        int status = zoned.append(zone.start(), most + zoned.unit(), 13).status();
        ZoneChecks.invalid(trial, "BK-050", "an append of more than " + most + " sectors", status);
    }

    private static void failed(Trial trial) {
        ZonedDisk zoned = ZonedDisk.start(trial);
        for (Zone zone : zoned.zones()) {
            if (zone.state() == BlkZone.READ_ONLY) {
                int status = zoned.write(zone.start(), zoned.unit(), 14);
                ZoneChecks.invalid(trial, "BK-054", "a write to a read-only zone", status);
            } else if (zone.state() == BlkZone.OFFLINE) {
                int status = zoned.disk().read(zone.start(), zoned.unitBytes()).status();
                ZoneChecks.invalid(trial, "BK-055", "a read of an offline zone", status);
            }
        }
        trial.skip("BK-054", "no read-only zone is among the first ones");
        trial.skip("BK-055", "no offline zone is among the first ones");
    }

    private static void erase(Trial trial) {
        ZonedDisk zoned = ZonedDisk.start(trial);
        trial.needFeature(BlkFeature.SECURE_ERASE, "SECURE_ERASE");
        long zoneSectors = zoned.zoneSectors();
        long alignment = zoned.disk().u32(BlkConfig.SECURE_ERASE_SECTOR_ALIGNMENT);
        trial.check(
                "BK-058",
                alignment > 0 && alignment % zoneSectors == 0,
                "secure_erase_sector_alignment is " + alignment + ", a zone has " + zoneSectors);
        long most = zoned.disk().u32(BlkConfig.MAX_SECURE_ERASE_SECTORS);
        trial.check(
                "BK-059",
                most >= zoneSectors && most % zoneSectors == 0,
                "max_secure_erase_sectors is " + most + ", a zone has " + zoneSectors);
        Zone zone = zoned.fresh();
        trial.need(zoned.write(zone.start(), zoned.unit(), 15) == BlkRequest.OK, "a write fails");
        int half = erase(zoned, zone.start(), zoneSectors / 2);
        trial.check("BK-059", half != BlkRequest.OK, "an erase of half a zone: " + Disk.name(half));
        int status = erase(zoned, zone.start(), zoneSectors);
        Zone after = zoned.again(zone);
        trial.check(
                "BK-060",
                status == BlkRequest.OK && after.state() == BlkZone.EMPTY && after.written() == 0,
                "an erase of a zone: " + Disk.name(status) + ", then the state is " + after.state());
    }

    private static int erase(ZonedDisk zoned, long sector, long sectors) {
        return zoned.disk()
                .request(BlkRequest.SECURE_ERASE, 0, Disk.segment(sector, (int) sectors, 0), 0)
                .status();
    }
}
