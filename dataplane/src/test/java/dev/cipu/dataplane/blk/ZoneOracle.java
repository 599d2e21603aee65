package dev.cipu.dataplane.blk;

import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkZone;
import dev.cipu.virtio.blk.ZoneTraits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A zoned disk in the plainest words that there are: a list of zones, an array of bytes, one request after the other. What
 * {@link Zones} does has to look like this.
 */
final class ZoneOracle {
    static final class Zone {
        final long start;
        final long size;
        final boolean conventional;
        String state;
        long wp;
        int openedAt;

        Zone(long start, long size, boolean conventional) {
            this.start = start;
            this.size = size;
            this.conventional = conventional;
            state = conventional ? "not_wp" : "empty";
            wp = start;
        }

        boolean is(String... states) {
            return List.of(states).contains(state);
        }
    }

    final ZoneTraits traits;
    final List<Zone> zones = new ArrayList<>();
    final byte[] disk;
    long appendedAt;
    private int clock;

    ZoneOracle(ZoneTraits traits, int sectors) {
        this.traits = traits;
        disk = new byte[sectors * 512];
        for (int start = 0; start < sectors; start += traits.zoneSectors()) {
            int size = Math.min(traits.zoneSectors(), sectors - start);
            zones.add(new Zone(start, size, zones.size() < traits.conventional()));
        }
    }

    private boolean managed() {
        return traits.model() == BlkZone.HOST_MANAGED;
    }

    private List<Zone> of(long sector, long length) {
        return zones.stream()
                .filter(zone -> zone.start < sector + length && sector < zone.start + zone.size)
                .toList();
    }

    private @Nullable Zone starting(long sector) {
        return zones.stream().filter(zone -> zone.start == sector).findFirst().orElse(null);
    }

    private long count(String... states) {
        return zones.stream().filter(zone -> zone.is(states)).count();
    }

    private boolean whole(long sector, long bytes) {
        return bytes % 512 == 0 && sector >= 0 && sector * 512 + bytes <= disk.length;
    }

    /** The status of a read; its data is that of {@link #disk}. */
    int read(long sector, int bytes) {
        if (!whole(sector, bytes)) {
            return BlkRequest.IOERR;
        }
        List<Zone> touched = of(sector, bytes / 512);
        if (touched.stream().anyMatch(zone -> zone.is("offline"))) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        if (managed() && touched.size() > 1 && touched.stream().anyMatch(zone -> !zone.conventional)) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        return BlkRequest.OK;
    }

    int write(long sector, byte[] data) {
        if (!whole(sector, data.length)) {
            return BlkRequest.IOERR;
        }
        List<Zone> touched = of(sector, data.length / 512);
        List<Zone> sequential =
                touched.stream().filter(zone -> !zone.conventional).toList();
        if (managed() && !sequential.isEmpty()) {
            if (touched.size() > 1) {
                return BlkRequest.ZONE_INVALID_CMD;
            }
            return writeInOrder(sequential.getFirst(), sector, data);
        }
        if (sequential.stream().anyMatch(zone -> zone.is("rdonly", "offline"))) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        for (Zone zone : sequential) {
            if (zone.is("empty", "closed")) {
                zone.state = "iopen";
            }
            zone.wp = Math.max(zone.wp, Math.min(sector + data.length / 512, zone.start + zone.size));
            if (zone.wp == zone.start + zone.size) {
                zone.state = "full";
            }
        }
        System.arraycopy(data, 0, disk, (int) sector * 512, data.length);
        return BlkRequest.OK;
    }

    private int writeInOrder(Zone zone, long sector, byte[] data) {
        if (!zone.is("empty", "iopen", "eopen", "closed")) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        if (sector != zone.wp || (sector * 512 + data.length) % traits.writeGranularity() != 0) {
            return BlkRequest.ZONE_UNALIGNED_WP;
        }
        if (sector * 512 + data.length > (zone.start + zone.size) * 512) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        if (zone.is("empty", "closed")) {
            int room = room(zone);
            if (room != BlkRequest.OK) {
                return room;
            }
            zone.state = "iopen";
        }
        zone.openedAt = ++clock;
        System.arraycopy(data, 0, disk, (int) sector * 512, data.length);
        zone.wp += data.length / 512;
        if (zone.wp == zone.start + zone.size) {
            zone.state = "full";
        }
        return BlkRequest.OK;
    }

    int append(long sector, byte[] data) {
        Zone zone = starting(sector);
        if (traits.maxAppendSectors() == 0) {
            return BlkRequest.UNSUPP;
        }
        if (data.length > traits.maxAppendSectors() * 512 || zone == null || zone.conventional || !managed()) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        long at = zone.wp;
        int status = writeInOrder(zone, at, data);
        if (status == BlkRequest.OK) {
            appendedAt = at;
        }
        return status;
    }

    private int room(Zone zone) {
        boolean activeLacks =
                zone.is("empty") && traits.maxActive() > 0 && count("iopen", "eopen", "closed") >= traits.maxActive();
        if (activeLacks) {
            return BlkRequest.ZONE_ACTIVE_RESOURCE;
        }
        if (traits.maxOpen() > 0 && count("iopen", "eopen") >= traits.maxOpen()) {
            Zone victim = zones.stream()
                    .filter(other -> other.is("iopen"))
                    .min((a, b) -> Integer.compare(a.openedAt, b.openedAt))
                    .orElse(null);
            if (victim == null) {
                return BlkRequest.ZONE_OPEN_RESOURCE;
            }
            victim.state = "closed";
        }
        return BlkRequest.OK;
    }

    int manage(int type, long sector) {
        if (type == BlkRequest.ZONE_RESET_ALL) {
            for (Zone zone : zones) {
                if (zone.is("iopen", "eopen", "closed", "full")) {
                    empty(zone);
                }
            }
            return BlkRequest.OK;
        }
        Zone zone = starting(sector);
        if (zone == null || zone.conventional || zone.is("rdonly", "offline")) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        switch (type) {
            case BlkRequest.ZONE_OPEN -> {
                if (zone.is("full")) {
                    return BlkRequest.ZONE_INVALID_CMD;
                }
                int room = zone.is("empty", "closed") ? room(zone) : BlkRequest.OK;
                if (room != BlkRequest.OK) {
                    return room;
                }
                zone.state = "eopen";
            }
            case BlkRequest.ZONE_CLOSE -> {
                if (zone.is("empty", "full")) {
                    return BlkRequest.ZONE_INVALID_CMD;
                }
                zone.state = zone.wp == zone.start ? "empty" : "closed";
            }
            case BlkRequest.ZONE_FINISH -> zone.state = "full";
            case BlkRequest.ZONE_RESET -> empty(zone);
            default -> throw new IllegalArgumentException("type " + type);
        }
        return BlkRequest.OK;
    }

    int secureErase(long sector, long length) {
        int zone = traits.zoneSectors();
        if (sector < 0 || (sector + length) * 512 > disk.length) {
            return BlkRequest.IOERR;
        }
        if (sector % zone != 0 || length % zone != 0) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        List<Zone> named = of(sector, length);
        if (named.stream().anyMatch(each -> each.conventional || each.is("rdonly", "offline"))) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        named.forEach(this::empty);
        return BlkRequest.OK;
    }

    private void empty(Zone zone) {
        zone.state = "empty";
        zone.wp = zone.start;
        Arrays.fill(disk, (int) zone.start * 512, (int) (zone.start + zone.size) * 512, (byte) 0);
    }

    void fail(int index, boolean readable) {
        Zone zone = zones.get(index);
        if (!zone.is("offline")) {
            zone.state = readable ? "rdonly" : "offline";
        }
    }

    /** As a report has it. */
    static byte number(String state) {
        return switch (state) {
            case "not_wp" -> 0;
            case "empty" -> 1;
            case "iopen" -> 2;
            case "eopen" -> 3;
            case "closed" -> 4;
            case "rdonly" -> 13;
            case "full" -> 14;
            case "offline" -> 15;
            default -> throw new IllegalArgumentException(state);
        };
    }
}
