package dev.cipu.shim.conform;

import dev.cipu.shim.conform.ZonedDisk.Zone;
import dev.cipu.shim.probe.Rig;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkZone;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Disks of zones: what they say of themselves, and the states of zones. {@code [virtio-1.4 §5.2.4, §5.2.6]} */
final class ZoneChecks {
    /** Reports that are asked for at most to find a limit. */
    private static final int MOST_OPENED = 64;

    private ZoneChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.blk(ZoneChecks::needsFeature, "BK-008"),
                Check.blk(
                        ZoneChecks::fields,
                        "BK-009",
                        "BK-010",
                        "BK-011",
                        "BK-012",
                        "BK-013",
                        "BK-014",
                        "BK-015",
                        "BK-016",
                        "BK-017"),
                Check.blk(ZoneChecks::reports, "BZ-001", "BZ-002", "BZ-003"),
                Check.blk(ZoneChecks::states, "BZ-004"),
                Check.blk(ZoneChecks::conventional, "BK-038"),
                Check.blk(ZoneChecks::impossible, "BK-040", "BK-042", "BK-043", "BK-044"),
                Check.blk(ZoneChecks::limits, "BK-041", "BK-053"),
                Check.blk(ZoneChecks::resetAll, "BK-045"));
    }

    private static void needsFeature(Trial trial) {
        trial.need(trial.survey().isHostManaged(), "the disk is not host-managed");
        boolean accepted = trial.connect().tryFeatures(Rig.LEAST);
        trial.check("BK-008", !accepted, "without ZONED the device " + (accepted ? "goes on" : "does not go on"));
    }

    private static void fields(Trial trial) {
        ZonedDisk zoned = ZonedDisk.unchecked(trial);
        Disk disk = zoned.disk();
        int model = disk.u8(BlkConfig.ZONED_MODEL);
        trial.check("BK-009", model <= BlkZone.HOST_AWARE, "the model is " + model);
        long zone = zoned.zoneSectors();
        trial.check("BK-010", zone > 0 && zone <= disk.sectors(), "zone_sectors is " + zone);
        long open = disk.u32(BlkConfig.MAX_OPEN_ZONES);
        long active = disk.u32(BlkConfig.MAX_ACTIVE_ZONES);
        String limits = "max_open_zones is " + open + ", max_active_zones " + active;
        long zones = zone > 0 ? (disk.sectors() + zone - 1) / zone : 0;
        trial.check("BK-011", open <= zones && (active == 0 || open <= active), limits);
        trial.check("BK-012", active <= zones, limits);
        long append = disk.u32(BlkConfig.MAX_APPEND_SECTORS);
        trial.check("BK-013", append <= zone, "max_append_sectors is " + append);
        trial.pass("BK-015", "max_append_sectors is " + append);
        boolean limited =
                trial.offered().has(BlkFeature.SEG_MAX) && trial.offered().has(BlkFeature.SIZE_MAX);
        long most = disk.u32(BlkConfig.SEG_MAX) * disk.u32(BlkConfig.SIZE_MAX);
        trial.check(
                "BK-014",
                !limited || append * BlkRequest.SECTOR_BYTES <= most,
                "max_append_sectors is " + append + ", seg_max * size_max " + most);
        long granularity = disk.u32(BlkConfig.WRITE_GRANULARITY);
        trial.check("BK-016", granularity >= BlkRequest.SECTOR_BYTES, "write_granularity is " + granularity);
        int unused = disk.u8(93) | disk.u8(94) | disk.u8(95);
        trial.check("BK-017", unused == 0, "unused bytes are " + (unused == 0 ? "0" : "not 0"));
    }

    private static void reports(Trial trial) {
        ZonedDisk zoned = ZonedDisk.start(trial);
        long sectors = zoned.disk().sectors();
        List<Zone> all = zoned.zones();
        trial.check("BZ-001", all.size() > 1, all.size() + " zones are reported");
        String wrong = wrong(zoned, all);
        trial.check("BZ-002", wrong == null, wrong == null ? "their places, types and states can be" : wrong);
        if (all.size() > 1) {
            long inside = all.get(1).start() + 1;
            List<Zone> one = zoned.zones(inside, 1);
            boolean right =
                    one.size() == 1 && one.getFirst().start() == all.get(1).start();
            trial.check("BZ-001", right, "a report with room for one zone, from within the second one on");
        }
        int beyond = zoned.report(sectors, 1).status();
        trial.check("BZ-003", isRefused(beyond), "a report from behind the end on: " + Disk.name(beyond));
        int small = zoned.disk()
                .request(BlkRequest.ZONE_REPORT, 0, new byte[0], BlkZone.REPORT_BYTES - 1)
                .status();
        trial.check("BZ-003", isRefused(small), "a report without room for its head: " + Disk.name(small));
    }

    private static boolean isRefused(int status) {
        return status != BlkRequest.OK && status != Disk.UNTOUCHED;
    }

    /** What is wrong with reported zones, or null. */
    private static @Nullable String wrong(ZonedDisk zoned, List<Zone> zones) {
        long at = 0;
        for (Zone zone : zones) {
            boolean sequential = zone.isSequential();
            if (zone.start() != at
                    || zone.capacity() > zoned.zoneSectors()
                    || !(sequential || zone.type() == BlkZone.CONVENTIONAL)
                    || !isState(zone.state(), sequential)
                    || (sequential && zone.state() == BlkZone.EMPTY && zone.written() != 0)) {
                return "a zone that cannot be: " + zone;
            }
            at += zoned.zoneSectors();
        }
        return null;
    }

    private static boolean isState(int state, boolean sequential) {
        return sequential
                ? (state >= BlkZone.EMPTY && state <= BlkZone.CLOSED)
                        || (state >= BlkZone.READ_ONLY && state <= BlkZone.OFFLINE)
                : state == BlkZone.NOT_WP || state == BlkZone.OFFLINE || state == BlkZone.READ_ONLY;
    }

    /** A command, and the state that it leads to. */
    private static boolean leads(Trial trial, String id, ZonedDisk zoned, Zone zone, int type, int wanted) {
        int status = zoned.command(type, zone.start());
        int state = zoned.again(zone).state();
        boolean right = status == BlkRequest.OK && state == wanted;
        trial.check(id, right, command(type) + ": " + Disk.name(status) + ", then the state is " + state);
        return right;
    }

    static String command(int type) {
        return switch (type) {
            case BlkRequest.ZONE_OPEN -> "OPEN";
            case BlkRequest.ZONE_CLOSE -> "CLOSE";
            case BlkRequest.ZONE_FINISH -> "FINISH";
            case BlkRequest.ZONE_RESET -> "RESET";
            default -> "command " + type;
        };
    }

    private static void states(Trial trial) {
        ZonedDisk zoned = ZonedDisk.start(trial);
        Zone zone = zoned.fresh();
        boolean right = leads(trial, "BZ-004", zoned, zone, BlkRequest.ZONE_OPEN, BlkZone.EXPLICITLY_OPEN)
                && zoned.write(zone.start(), zoned.unit(), 1) == BlkRequest.OK
                && leads(trial, "BZ-004", zoned, zone, BlkRequest.ZONE_CLOSE, BlkZone.CLOSED)
                && leads(trial, "BZ-004", zoned, zone, BlkRequest.ZONE_FINISH, BlkZone.FULL)
                && leads(trial, "BZ-004", zoned, zone, BlkRequest.ZONE_RESET, BlkZone.EMPTY);
        trial.check(
                "BZ-004", right, right ? "open, written, closed, finished, reset" : "a zone did not change its state");
    }

    private static void conventional(Trial trial) {
        ZonedDisk zoned = ZonedDisk.start(trial);
        Zone zone = zoned.conventional();
        if (zone == null) {
            throw new Skipped("the disk has no conventional zone");
        }
        for (int type :
                new int[] {BlkRequest.ZONE_OPEN, BlkRequest.ZONE_CLOSE, BlkRequest.ZONE_FINISH, BlkRequest.ZONE_RESET
                }) {
            invalid(trial, "BK-038", command(type) + " of a conventional zone", zoned.command(type, zone.start()));
        }
    }

    /** Reports a request that has to be ZONE_INVALID_CMD. */
    static void invalid(Trial trial, String id, String what, int status) {
        trial.check(id, status == BlkRequest.ZONE_INVALID_CMD, what + ": " + Disk.name(status));
    }

    private static void impossible(Trial trial) {
        ZonedDisk zoned = ZonedDisk.start(trial);
        Zone zone = zoned.fresh();
        invalid(trial, "BK-042", "CLOSE of an empty zone", zoned.command(BlkRequest.ZONE_CLOSE, zone.start()));
        unchanged(trial, "BK-043", zoned, zone, BlkRequest.ZONE_FINISH);
        trial.need(
                zoned.command(BlkRequest.ZONE_FINISH, zone.start()) == BlkRequest.OK,
                "an empty zone cannot be finished");
        invalid(trial, "BK-040", "OPEN of a full zone", zoned.command(BlkRequest.ZONE_OPEN, zone.start()));
        invalid(trial, "BK-042", "CLOSE of a full zone", zoned.command(BlkRequest.ZONE_CLOSE, zone.start()));
        unchanged(trial, "BK-044", zoned, zone, BlkRequest.ZONE_RESET);
        invalid(trial, "BK-040", "OPEN within a zone", zoned.command(BlkRequest.ZONE_OPEN, zone.start() + 1));
        zoned.command(BlkRequest.ZONE_RESET, zone.start());
    }

    /** A command that names a sector within a zone changes nothing. */
    private static void unchanged(Trial trial, String id, ZonedDisk zoned, Zone zone, int type) {
        int before = zoned.again(zone).state();
        int status = zoned.command(type, zone.start() + 1);
        invalid(trial, id, command(type) + " within a zone", status);
        int after = zoned.again(zone).state();
        trial.check(id, before == after, "the state was " + before + " and is " + after);
    }

    private static void limits(Trial trial) {
        ZonedDisk zoned = ZonedDisk.managed(trial);
        long open = zoned.disk().u32(BlkConfig.MAX_OPEN_ZONES);
        long active = zoned.disk().u32(BlkConfig.MAX_ACTIVE_ZONES);
        long limit = open == 0 ? active : active == 0 ? open : Math.min(open, active);
        trial.need(limit > 0, "there is no limit of open and active zones");
        trial.need(limit <= MOST_OPENED, "the limit of " + limit + " zones is too high to be tried");
        List<Zone> zones = zoned.fresh((int) limit + 1);
        Zone last = zones.getLast();
        for (Zone zone : zones.subList(0, (int) limit)) {
            int status = zoned.command(BlkRequest.ZONE_OPEN, zone.start());
            trial.check("BK-041", status == BlkRequest.OK, "OPEN within the limit: " + Disk.name(status));
        }
        int opened = zoned.command(BlkRequest.ZONE_OPEN, last.start());
        int state = zoned.again(last).state();
        trial.check(
                "BK-041",
                isLack(opened) && state == BlkZone.EMPTY,
                "OPEN of one more than " + limit + ": " + Disk.name(opened) + ", its state is " + state);
        int written = zoned.write(last.start(), zoned.unit(), 2);
        trial.check("BK-041", isLack(written), "a write to one more than " + limit + ": " + Disk.name(written));
        zoned.reset();
        List<String> seen = new ArrayList<>();
        boolean known = true;
        for (Zone zone : zones) {
            int status = zoned.write(zone.start(), zoned.unit(), 3);
            known &= status == BlkRequest.OK || (zone.equals(last) && isLack(status));
            seen.add(Disk.name(status));
        }
        trial.check(
                "BK-053",
                known,
                zones.size() + " zones opened by writes, the limit is " + limit + ": " + seen.getLast());
        zoned.reset();
    }

    private static boolean isLack(int status) {
        return status == BlkRequest.ZONE_OPEN_RESOURCE || status == BlkRequest.ZONE_ACTIVE_RESOURCE;
    }

    private static void resetAll(Trial trial) {
        ZonedDisk zoned = ZonedDisk.start(trial);
        List<Zone> zones = zoned.fresh(3);
        boolean ready = zoned.command(BlkRequest.ZONE_FINISH, zones.get(0).start()) == BlkRequest.OK
                && zoned.command(BlkRequest.ZONE_OPEN, zones.get(1).start()) == BlkRequest.OK
                && zoned.write(zones.get(2).start(), zoned.unit(), 4) == BlkRequest.OK;
        trial.need(ready, "zones cannot be filled, opened and written");
        int status = zoned.command(BlkRequest.ZONE_RESET_ALL, 0);
        long left = zoned.zones().stream()
                .filter(zone -> zone.isSequential() && zone.state() != BlkZone.EMPTY)
                .count();
        trial.check(
                "BK-045",
                status == BlkRequest.OK && left == 0,
                "RESET_ALL: " + Disk.name(status) + ", " + left + " zones are not empty");
    }
}
