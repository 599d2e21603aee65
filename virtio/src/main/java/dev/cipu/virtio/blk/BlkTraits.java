package dev.cipu.virtio.blk;

/**
 * What a disk is. Begin with {@link #of} and say what is different.
 *
 * @param sectors capacity in units of 512 bytes, as the disk begins its life
 * @param blockSize bytes of a logical block, a power of two of at least 512
 * @param readOnly whether writes fail
 * @param queues request queues, 1..65535
 * @param serial up to 20 ASCII characters
 * @param topology hints
 * @param discard whether and how blocks can be given back
 * @param writeZeroes whether and how blocks can be zeroed without sending zeroes
 * @param secureErase whether and how blocks can be overwritten for good
 * @param lifetime whether the disk tells how worn it is
 * @param zones what it is divided into
 */
public record BlkTraits(
        long sectors,
        int blockSize,
        boolean readOnly,
        int queues,
        String serial,
        BlkTopology topology,
        RangeLimits discard,
        RangeLimits writeZeroes,
        RangeLimits secureErase,
        boolean lifetime,
        ZoneTraits zones) {
    public BlkTraits {
        if (sectors <= 0) {
            throw new IllegalArgumentException("a disk has at least one sector");
        }
        if (blockSize < BlkRequest.SECTOR_BYTES || Integer.bitCount(blockSize) != 1) {
            throw new IllegalArgumentException("block size " + blockSize + " is not a power of two from 512 on");
        }
        if (queues < 1 || queues > 0xffff) {
            throw new IllegalArgumentException(queues + " request queues, not 1..65535");
        }
        if (serial.length() > BlkRequest.SERIAL_BYTES) {
            throw new IllegalArgumentException("serial number longer than 20 characters: " + serial);
        }
        if (zones.isZoned()) {
            checkZones(zones, blockSize, discard, writeZeroes, secureErase);
        }
    }

    private static void checkZones(
            ZoneTraits zones, int blockSize, RangeLimits discard, RangeLimits writeZeroes, RangeLimits secureErase) {
        if (zones.writeGranularity() < blockSize) {
            throw new IllegalArgumentException(
                    "zones written in " + zones.writeGranularity() + " bytes, less than a block of " + blockSize);
        }
        // [virtio-1.4 §5.2.6.2] MUST be a multiple of the zone
        if (secureErase.exist() && secureErase.alignment() % zones.zoneSectors() != 0) {
            throw new IllegalArgumentException("secure erase aligned to " + secureErase.alignment()
                    + " sectors in zones of " + zones.zoneSectors());
        }
        if (!zones.isHostManaged()) {
            return;
        }
        // [virtio-1.4 §5.2.5.1] no driver may ask for DISCARD here, and zeroes are written in order like anything else
        if (discard.exist() || writeZeroes.exist()) {
            throw new IllegalArgumentException("a host-managed disk has no discard and no write-zeroes");
        }
    }

    /** A plain disk with blocks of 512 bytes and one queue. */
    public static BlkTraits of(long sectors) {
        return new BlkTraits(
                sectors,
                BlkRequest.SECTOR_BYTES,
                false,
                1,
                "",
                BlkTopology.of(BlkRequest.SECTOR_BYTES),
                RangeLimits.NONE,
                RangeLimits.NONE,
                RangeLimits.NONE,
                false,
                ZoneTraits.NONE);
    }

    /** With blocks of this size, and the topology that goes with it. */
    public BlkTraits withBlockSize(int bytes) {
        return new BlkTraits(
                sectors,
                bytes,
                readOnly,
                queues,
                serial,
                BlkTopology.of(bytes),
                discard,
                writeZeroes,
                secureErase,
                lifetime,
                zones);
    }

    public BlkTraits withReadOnly(boolean on) {
        return new BlkTraits(
                sectors, blockSize, on, queues, serial, topology, discard, writeZeroes, secureErase, lifetime, zones);
    }

    public BlkTraits withQueues(int count) {
        return new BlkTraits(
                sectors,
                blockSize,
                readOnly,
                count,
                serial,
                topology,
                discard,
                writeZeroes,
                secureErase,
                lifetime,
                zones);
    }

    public BlkTraits withSerial(String text) {
        return new BlkTraits(
                sectors,
                blockSize,
                readOnly,
                queues,
                text,
                topology,
                discard,
                writeZeroes,
                secureErase,
                lifetime,
                zones);
    }

    public BlkTraits withTopology(BlkTopology hints) {
        return new BlkTraits(
                sectors,
                blockSize,
                readOnly,
                queues,
                serial,
                hints,
                discard,
                writeZeroes,
                secureErase,
                lifetime,
                zones);
    }

    /** With discard and write-zeroes in ranges of whole blocks, or without. */
    public BlkTraits withDiscard(boolean on) {
        RangeLimits limits = on ? RangeLimits.aligned(blockSize / BlkRequest.SECTOR_BYTES) : RangeLimits.NONE;
        return withRanges(limits, limits);
    }

    public BlkTraits withRanges(RangeLimits discards, RangeLimits zeroes) {
        return new BlkTraits(
                sectors, blockSize, readOnly, queues, serial, topology, discards, zeroes, secureErase, lifetime, zones);
    }

    /** With secure erase of whole blocks, or of whole zones where there are any; or without. */
    public BlkTraits withSecureErase(boolean on) {
        int unit = zones.isZoned() ? zones.zoneSectors() : blockSize / BlkRequest.SECTOR_BYTES;
        return withSecureErase(on ? RangeLimits.aligned(unit) : RangeLimits.NONE);
    }

    public BlkTraits withSecureErase(RangeLimits limits) {
        return new BlkTraits(
                sectors, blockSize, readOnly, queues, serial, topology, discard, writeZeroes, limits, lifetime, zones);
    }

    public BlkTraits withLifetime(boolean on) {
        return new BlkTraits(
                sectors, blockSize, readOnly, queues, serial, topology, discard, writeZeroes, secureErase, on, zones);
    }

    /** With zones; host-managed ones take discard and write-zeroes away. */
    public BlkTraits withZones(ZoneTraits division) {
        boolean managed = division.isHostManaged();
        return new BlkTraits(
                sectors,
                blockSize,
                readOnly,
                queues,
                serial,
                topology,
                managed ? RangeLimits.NONE : discard,
                managed ? RangeLimits.NONE : writeZeroes,
                secureErase,
                lifetime,
                division);
    }
}
