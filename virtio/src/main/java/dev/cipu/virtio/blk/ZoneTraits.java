package dev.cipu.virtio.blk;

/**
 * How a disk is divided into zones. All zones have one size, except that the last one ends where the disk does.
 * {@code [virtio-1.4 §5.2.4]}
 *
 * @param model see {@link BlkZone}; with {@link BlkZone#NONE} the rest is 0
 * @param zoneSectors size of a zone, in units of 512 bytes
 * @param conventional how many zones at the front may be written at random
 * @param maxOpen zones that can be open at a time, 0 for any number
 * @param maxActive zones that can be open or closed at a time, 0 for any number
 * @param maxAppendSectors largest append in sectors, 0 if there are none
 * @param writeGranularity bytes that a write to a sequential zone ends on a multiple of
 */
public record ZoneTraits(
        int model,
        int zoneSectors,
        int conventional,
        int maxOpen,
        int maxActive,
        int maxAppendSectors,
        int writeGranularity) {
    public static final ZoneTraits NONE = new ZoneTraits(BlkZone.NONE, 0, 0, 0, 0, 0, 0);

    /** Most sectors that one request can carry. {@code [virtio-1.4 §5.2.5.2]} */
    private static final int MOST_APPENDED = BlkDevice.SEG_MAX * (BlkDevice.SIZE_MAX / BlkRequest.SECTOR_BYTES);

    public ZoneTraits {
        if (model < BlkZone.NONE || model > BlkZone.HOST_AWARE) {
            throw new IllegalArgumentException("there is no zone model " + model);
        }
        if (model == BlkZone.NONE) {
            if ((zoneSectors | conventional | maxOpen | maxActive | maxAppendSectors | writeGranularity) != 0) {
                throw new IllegalArgumentException("zones of a disk that has none");
            }
        } else {
            if (zoneSectors <= 0 || conventional < 0 || maxOpen < 0 || maxActive < 0) {
                throw new IllegalArgumentException("zones of " + zoneSectors + " sectors, " + conventional
                        + " of them conventional, " + maxOpen + " open, " + maxActive + " active");
            }
            if (writeGranularity < BlkRequest.SECTOR_BYTES
                    || Integer.bitCount(writeGranularity) != 1
                    || zoneSectors % (writeGranularity / BlkRequest.SECTOR_BYTES) != 0) {
                throw new IllegalArgumentException(
                        "writes of " + writeGranularity + " bytes in zones of " + zoneSectors + " sectors");
            }
            // [virtio-1.4 §5.2.5.2] MUST NOT exceed what seg_max and size_max allow
            if (maxAppendSectors < 0 || maxAppendSectors > MOST_APPENDED) {
                throw new IllegalArgumentException("appends of " + maxAppendSectors + " sectors");
            }
            if (model == BlkZone.HOST_AWARE && (maxOpen | maxActive) != 0) {
                // a driver that knows nothing of zones may write such a disk anywhere, and no limit may stop it
                throw new IllegalArgumentException("a host-aware disk has no limit of open or active zones");
            }
            if (maxOpen > 0 && maxActive > 0 && maxOpen > maxActive) {
                throw new IllegalArgumentException(
                        "an open zone is an active one: " + maxOpen + " open of " + maxActive + " active");
            }
        }
    }

    /** Host-managed zones without limits, with the largest appends. */
    public static ZoneTraits managed(int zoneSectors) {
        return of(BlkZone.HOST_MANAGED, zoneSectors);
    }

    /** Host-aware zones. */
    public static ZoneTraits aware(int zoneSectors) {
        return of(BlkZone.HOST_AWARE, zoneSectors);
    }

    private static ZoneTraits of(int model, int zoneSectors) {
        int append = Math.min(zoneSectors, MOST_APPENDED);
        return new ZoneTraits(model, zoneSectors, 0, 0, 0, append, BlkRequest.SECTOR_BYTES);
    }

    public ZoneTraits withConventional(int zones) {
        return new ZoneTraits(model, zoneSectors, zones, maxOpen, maxActive, maxAppendSectors, writeGranularity);
    }

    /** Limits of open and of active zones, 0 for none. */
    public ZoneTraits withLimits(int open, int active) {
        return new ZoneTraits(model, zoneSectors, conventional, open, active, maxAppendSectors, writeGranularity);
    }

    public ZoneTraits withMaxAppend(int sectors) {
        return new ZoneTraits(model, zoneSectors, conventional, maxOpen, maxActive, sectors, writeGranularity);
    }

    public ZoneTraits withWriteGranularity(int bytes) {
        // an append that could not end on a multiple would be no use
        int append = maxAppendSectors - maxAppendSectors % (bytes / BlkRequest.SECTOR_BYTES);
        return new ZoneTraits(model, zoneSectors, conventional, maxOpen, maxActive, append, bytes);
    }

    public boolean isZoned() {
        return model != BlkZone.NONE;
    }

    public boolean isHostManaged() {
        return model == BlkZone.HOST_MANAGED;
    }
}
