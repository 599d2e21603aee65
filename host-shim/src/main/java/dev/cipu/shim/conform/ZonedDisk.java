package dev.cipu.shim.conform;

import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkZone;
import dev.cipu.virtio.memory.Le;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A disk of zones behind a rig, one request at a time. {@code [virtio-1.4 §5.2.6]} Sectors are units of 512 bytes. */
final class ZonedDisk {
    private static final int SECTOR = BlkRequest.SECTOR_BYTES;

    /** Zones that are looked at: enough for every check, and for most limits. */
    private static final int MOST_ZONES = 300;

    private final Disk disk;
    private final int unitBytes;

    private ZonedDisk(Disk disk, int unitBytes) {
        this.disk = disk;
        this.unitBytes = unitBytes;
    }

    /** A zone as a report tells of it. */
    record Zone(long capacity, long start, long pointer, int type, int state) {
        boolean isSequential() {
            return type == BlkZone.SEQUENTIAL_REQUIRED || type == BlkZone.SEQUENTIAL_PREFERRED;
        }

        /** Sectors that are written. */
        long written() {
            return pointer - start;
        }
    }

    static ZonedDisk start(Trial trial) {
        ZonedDisk disk = unchecked(trial);
        trial.need(disk.zoneSectors() > 0, "zone_sectors is 0");
        return disk;
    }

    /** As {@link #start}, even if its configuration cannot be. */
    static ZonedDisk unchecked(Trial trial) {
        trial.needFeature(BlkFeature.ZONED, "ZONED");
        trial.need(trial.survey().zoneModel() != BlkZone.NONE, "the disk has no zones");
        Disk disk = Disk.start(trial, BlkFeature.ZONED, BlkFeature.SECURE_ERASE);
        int granularity = (int) disk.u32(BlkConfig.WRITE_GRANULARITY);
        return new ZonedDisk(
                disk, Math.max(Math.max(granularity, SECTOR), trial.survey().blockBytes()));
    }

    /** As {@link #start}, of a disk whose zones have to be written in order. */
    static ZonedDisk managed(Trial trial) {
        ZonedDisk disk = start(trial);
        trial.need(trial.survey().isHostManaged(), "the disk is host-aware: it may be written anywhere");
        return disk;
    }

    Disk disk() {
        return disk;
    }

    /** The least that can be written, in bytes. */
    int unitBytes() {
        return unitBytes;
    }

    int unit() {
        return unitBytes / SECTOR;
    }

    long zoneSectors() {
        return disk.u32(BlkConfig.ZONE_SECTORS);
    }

    /** A command without data; its status. */
    int command(int type, long sector) {
        return disk.request(type, sector, new byte[0], 0).status();
    }

    /** A report with room for some descriptors. */
    Disk.Answer report(long sector, int room) {
        return disk.request(
                BlkRequest.ZONE_REPORT, sector, new byte[0], BlkZone.REPORT_BYTES + room * BlkZone.DESCRIPTOR_BYTES);
    }

    /** The zones from a sector on. */
    List<Zone> zones(long sector, int room) {
        Disk.Answer answer = report(sector, room);
        if (!answer.ok()) {
            throw new Skipped("no report of zones: " + Disk.name(answer.status()));
        }
        MemorySegment report = MemorySegment.ofArray(answer.in());
        List<Zone> zones = new ArrayList<>();
        for (int i = 0; i < Math.min(room, BlkZone.zones(report, 0)); i++) {
            long at = BlkZone.descriptor(0, i);
            zones.add(new Zone(
                    BlkZone.capacity(report, at),
                    BlkZone.start(report, at),
                    BlkZone.pointer(report, at),
                    BlkZone.type(report, at),
                    BlkZone.state(report, at)));
        }
        return zones;
    }

    List<Zone> zones() {
        return zones(0, MOST_ZONES);
    }

    /** The zone that a sector is in. */
    private Zone at(long sector) {
        List<Zone> zones = zones(sector, 1);
        if (zones.isEmpty()) {
            throw new IllegalStateException("no zone is reported from sector " + sector + " on");
        }
        return zones.getFirst();
    }

    /** The zone as it is now. */
    Zone again(Zone zone) {
        return at(zone.start());
    }

    /** Whether a disk may be written at its beginning: always, unless that is a zone to be written in order. */
    static boolean beginsFree(Trial trial) {
        return !trial.survey().isHostManaged() || start(trial).at(0).type() == BlkZone.CONVENTIONAL;
    }

    @Nullable
    Zone conventional() {
        return zones().stream()
                .filter(zone -> zone.type() == BlkZone.CONVENTIONAL)
                .findFirst()
                .orElse(null);
    }

    private List<Zone> sequential() {
        return zones().stream()
                .filter(zone ->
                        zone.isSequential() && zone.state() != BlkZone.READ_ONLY && zone.state() != BlkZone.OFFLINE)
                .toList();
    }

    /** Resets the sequential zones, so that no limit is in the way. */
    void reset() {
        for (Zone zone : sequential()) {
            if (zone.state() != BlkZone.EMPTY) {
                command(BlkRequest.ZONE_RESET, zone.start());
            }
        }
    }

    /** So many sequential zones, all of which are empty now. */
    List<Zone> fresh(int count) {
        reset();
        List<Zone> some = sequential();
        if (some.size() < count) {
            throw new Skipped("the disk has " + some.size() + " sequential zones, " + count + " are needed");
        }
        return some.subList(0, count);
    }

    Zone fresh() {
        return fresh(1).getFirst();
    }

    /** Writes so many sectors of a pattern; the status. */
    int write(long sector, long sectors, int seed) {
        return disk.write(sector, Disk.pattern((int) sectors * SECTOR, seed)).status();
    }

    Disk.Answer append(long sector, long sectors, int seed) {
        byte[] data = Disk.pattern((int) sectors * SECTOR, seed);
        return disk.request(BlkRequest.ZONE_APPEND, sector, data, BlkRequest.APPEND_SECTOR_BYTES);
    }

    /** Where an append says that its data went. */
    static long appended(Disk.Answer answer) {
        return MemorySegment.ofArray(answer.in()).get(Le.LONG_UNALIGNED, 0);
    }
}
