package dev.cipu.dataplane.blk;

import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkZone;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.Chain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What requests of one queue mean to the zones of its disk: asks {@link Zones} before data moves, and tells it afterwards.
 * Verdicts are those of {@link RequestParser}. Owner: the worker that polls the queue.
 */
final class ZoneRequests {
    /** {@link BlockTask#zoneType} of a request that does not concern zones. */
    private static final int NO_ZONE = -1;

    /** Zones of one report: a driver asks on from there. */
    private static final int MOST_REPORTED = 4096;

    /** Zones that a reset of all passes in one turn. */
    private static final int MOST_PASSED = 4096;

    private final Zones zones;
    private final MemorySegment report =
            Arena.ofAuto().allocate(BlkZone.REPORT_BYTES + (long) MOST_REPORTED * BlkZone.DESCRIPTOR_BYTES, 8);

    ZoneRequests(Zones zones) {
        this.zones = zones;
    }

    /** Begins to look at a request; it concerns no zone so far. */
    void begin(BlockTask task) {
        task.zoneType = NO_ZONE;
    }

    /** Whether {@link #completed} wants to know of the task's end. */
    boolean governs(BlockTask task) {
        return task.zoneType != NO_ZONE;
    }

    /** Whether a write is bound to the write pointer, which says more about its alignment than the store does. */
    boolean isOrdered(long sector, long bytes) {
        return zones.traits().isHostManaged() && concerns(sector, bytes);
    }

    /** Whether a range that is inside the disk reaches into a sequential zone. */
    boolean concerns(long sector, long bytes) {
        return zones.isSequential(sector, bytes / BlkRequest.SECTOR_BYTES);
    }

    int read(BlockTask task, long sector, long bytes) {
        long stored = zones.read(sector, bytes / BlkRequest.SECTOR_BYTES) * BlkRequest.SECTOR_BYTES;
        if (stored < 0) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        // [virtio-1.4 §5.2.6.2] what was not written is filled with a pattern: zeroes
        if (stored < bytes) {
            task.deliverZeroes(stored, (int) (bytes - stored));
        }
        task.readAndZero(sector * BlkRequest.SECTOR_BYTES, stored, bytes - stored);
        return stored > 0 ? RequestParser.SUBMIT : RequestParser.UNWRITTEN;
    }

    int write(BlockTask task, long sector, long bytes, boolean durable) {
        task.transfer(BlockOp.WRITE, sector * BlkRequest.SECTOR_BYTES, bytes, durable);
        return take(task, BlkRequest.OUT, sector, bytes / BlkRequest.SECTOR_BYTES);
    }

    /** A flush: the table of zones is as durable as the data when it completes. */
    int flush(BlockTask task) {
        task.flush();
        task.zoneType = BlkRequest.FLUSH;
        return RequestParser.SUBMIT;
    }

    /**
     * A zone command.
     *
     * @param payload bytes of data from the driver
     */
    int command(BlockTask task, int type, long sector, long payload, boolean durable) {
        task.zoneType = type;
        return switch (type) {
            case BlkRequest.ZONE_APPEND -> append(task, sector, payload, durable);
            case BlkRequest.ZONE_REPORT -> report(task, sector);
            case BlkRequest.ZONE_RESET -> {
                int zone = zones.sequentialAt(sector);
                yield zone < 0 ? BlkRequest.ZONE_INVALID_CMD : reset(task, type, zone, zone + 1);
            }
            case BlkRequest.ZONE_RESET_ALL -> reset(task, type, zones.conventional(), zones.count());
            default -> take(task, type, sector, 0);
        };
    }

    private int append(BlockTask task, long sector, long bytes, boolean durable) {
        if (task.chain().writableBytes() <= BlkRequest.APPEND_SECTOR_BYTES) {
            // no room to say where it went
            return BlkRequest.IOERR;
        }
        long most = (long) zones.traits().maxAppendSectors() * BlkRequest.SECTOR_BYTES;
        if (most == 0) {
            return BlkRequest.UNSUPP;
        }
        if (bytes > most || !zones.traits().isHostManaged() || zones.sequentialAt(sector) < 0) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        if (bytes == 0) {
            return BlkRequest.IOERR;
        }
        if (bytes % BlkRequest.SECTOR_BYTES != 0) {
            return BlkRequest.ZONE_UNALIGNED_WP;
        }
        task.transfer(BlockOp.WRITE, 0, bytes, durable);
        return take(task, BlkRequest.ZONE_APPEND, sector, bytes / BlkRequest.SECTOR_BYTES);
    }

    private int take(BlockTask task, int type, long sector, long length) {
        task.zoneType = type;
        task.zoneSector = sector;
        task.zoneLength = length;
        return proceed(task);
    }

    private int report(BlockTask task, long sector) {
        Chain chain = task.chain();
        long room = chain.writableBytes() - 1;
        if (room < BlkZone.REPORT_BYTES || sector < 0 || !zones.has(sector)) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        long most = Math.min((room - BlkZone.REPORT_BYTES) / BlkZone.DESCRIPTOR_BYTES, MOST_REPORTED);
        int bytes = (int) BlkZone.descriptor(0, zones.report(sector, report, (int) most));
        task.deliver(0, report, 0, bytes);
        task.replied(bytes);
        return RequestParser.REPORTED;
    }

    /** Resets zones {@code first} up to but without {@code end}, one after the other. */
    private int reset(BlockTask task, int type, int first, int end) {
        task.beginRanges(BlockOp.WRITE_ZEROES, true);
        task.zoneType = type;
        task.zone = first;
        task.zoneEnd = end;
        return proceed(task);
    }

    /** Resets the zones that a secure erase names: whole ones, or none at all. {@code [virtio-1.4 §5.2.6.2]} */
    int secureErase(BlockTask task) {
        long zoneBytes = (long) zones.traits().zoneSectors() * BlkRequest.SECTOR_BYTES;
        for (int i = 0; i < task.ranges(); i++) {
            if (task.rangeOffset(i) % zoneBytes != 0
                    || task.rangeLength(i) % zoneBytes != 0
                    || !zones.canReset((int) (task.rangeOffset(i) / zoneBytes), (int)
                            ((task.rangeOffset(i) + task.rangeLength(i)) / zoneBytes))) {
                return BlkRequest.ZONE_INVALID_CMD;
            }
        }
        task.zoneType = BlkRequest.SECURE_ERASE;
        task.zone = 0;
        task.zoneEnd = 0;
        return proceed(task);
    }

    /** Goes on with a request that is at its beginning, or had to wait. */
    int proceed(BlockTask task) {
        int answer;
        switch (task.zoneType) {
            case BlkRequest.OUT -> answer = zones.write(task.zoneSector, task.zoneLength);
            case BlkRequest.ZONE_APPEND -> {
                long at = zones.append(zones.sequentialAt(task.zoneSector), task.zoneLength);
                answer = at < 0 ? (int) (-1 - at) : BlkRequest.OK;
                if (at >= 0) {
                    task.redirect(at * BlkRequest.SECTOR_BYTES);
                }
            }
            case BlkRequest.ZONE_RESET, BlkRequest.ZONE_RESET_ALL, BlkRequest.SECURE_ERASE -> {
                return resetNext(task);
            }
            default -> {
                answer = zones.manage(task.zoneType, task.zoneSector);
                if (answer != Zones.WAIT) {
                    return answer == BlkRequest.OK && task.zoneType == BlkRequest.ZONE_FINISH ? synced() : answer;
                }
            }
        }
        if (answer == Zones.WAIT) {
            return RequestParser.WAIT;
        }
        if (answer == BlkRequest.OK) {
            task.holdsZone = true;
            return RequestParser.SUBMIT;
        }
        return answer;
    }

    private int resetNext(BlockTask task) {
        boolean erase = task.zoneType == BlkRequest.SECURE_ERASE;
        for (int passed = 0; passed < MOST_PASSED; passed++) {
            if (task.zone == task.zoneEnd && !(erase && nextZones(task))) {
                return synced();
            }
            int answer = zones.beginReset(task.zone, erase);
            if (answer == Zones.WAIT) {
                return RequestParser.WAIT;
            }
            if (answer == Zones.ERASE) {
                erase(task, erase);
                return RequestParser.STEP;
            }
            if (answer != BlkRequest.OK && task.zoneType != BlkRequest.ZONE_RESET_ALL) {
                return answer;
            }
            task.zone++;
        }
        return RequestParser.WAIT;
    }

    private boolean nextZones(BlockTask task) {
        if (!task.nextRange()) {
            return false;
        }
        long zoneBytes = (long) zones.traits().zoneSectors() * BlkRequest.SECTOR_BYTES;
        task.zone = (int) (task.offset() / zoneBytes);
        task.zoneEnd = (int) ((task.offset() + task.length()) / zoneBytes);
        return true;
    }

    /** The store's part of a reset: zeroes, and the space is free again. */
    private void erase(BlockTask task, boolean secure) {
        task.holdsZone = true;
        long sectors = secure ? zones.size(task.zone) : zones.erasable(task.zone);
        task.erase(
                secure ? BlockOp.SECURE_ERASE : BlockOp.WRITE_ZEROES,
                zones.start(task.zone) * BlkRequest.SECTOR_BYTES,
                sectors * BlkRequest.SECTOR_BYTES,
                // a host-managed zone shows nothing behind its pointer, whatever a power failure brings back there
                !zones.traits().isHostManaged());
    }

    private int synced() {
        return zones.sync() ? BlkRequest.OK : BlkRequest.IOERR;
    }

    /** The store is done with what it was asked for; what comes next. */
    int completed(BlockTask task, byte status) {
        boolean good = status == BlkRequest.OK;
        boolean held = task.holdsZone;
        release(task, good);
        return switch (task.zoneType) {
            case BlkRequest.FLUSH -> good ? synced() : status;
            case BlkRequest.OUT, BlkRequest.ZONE_APPEND -> {
                if (!good || (task.durable() && synced() != BlkRequest.OK)) {
                    yield BlkRequest.IOERR;
                }
                yield task.zoneType == BlkRequest.OUT ? BlkRequest.OK : RequestParser.APPENDED;
            }
            default -> {
                if (!good || !held) {
                    yield BlkRequest.IOERR;
                }
                task.zone++;
                yield resetNext(task);
            }
        };
    }

    /** Lets go of the zone that a task has, which then is as if the task had failed. */
    void abandon(BlockTask task) {
        release(task, false);
    }

    private void release(BlockTask task, boolean good) {
        if (!task.holdsZone) {
            return;
        }
        task.holdsZone = false;
        if (task.zoneType == BlkRequest.OUT || task.zoneType == BlkRequest.ZONE_APPEND) {
            zones.wrote(task.offset() / BlkRequest.SECTOR_BYTES, task.zoneLength, good);
        } else {
            zones.endReset(task.zone, good);
        }
    }

    /** Tells the driver where its data went; returns the bytes written from the first writable byte on. */
    long tellWhere(BlockTask task) {
        report.set(Le.LONG_UNALIGNED, 0, task.offset() / BlkRequest.SECTOR_BYTES);
        Chain chain = task.chain();
        long at = chain.writableBytes() - BlkRequest.APPEND_SECTOR_BYTES - 1;
        task.deliver(at, report, 0, BlkRequest.APPEND_SECTOR_BYTES);
        return at == 0 ? BlkRequest.APPEND_SECTOR_BYTES : 0;
    }
}
