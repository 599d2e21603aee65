package dev.cipu.shim.assembly;

import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.dataplane.blk.Disk;
import dev.cipu.dataplane.blk.Wear;
import dev.cipu.dataplane.blk.ZoneTable;
import dev.cipu.dataplane.blk.Zones;
import dev.cipu.shim.store.FileStore;
import dev.cipu.shim.store.ZoneFile;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkTopology;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.blk.ZoneTraits;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** Makes a disk and its device of their description. */
final class DiskAssembly {
    private final BlkSpec spec;
    private final BlockStore store;
    private final ZoneTable table;

    /**
     * @param table where the disk's zones are remembered, if it has any
     */
    DiskAssembly(BlkSpec spec, BlockStore store, ZoneTable table) {
        this.spec = spec;
        this.store = store;
        this.table = table;
    }

    /**
     * Opens the file that remembers the zones of a disk which is kept in one.
     *
     * @return null if nothing has to be remembered
     */
    static @Nullable ZoneFile zoneFile(BlkSpec spec, StoreSpec description, BlockStore store) {
        if (spec.options().zones() == null
                || !(description instanceof StoreSpec.OnFile file)
                || !(store instanceof FileStore opened)) {
            return null;
        }
        try {
            return ZoneFile.open(file.path(), opened, zones(spec, opened));
        } catch (IllegalArgumentException e) {
            throw new CardSpecException(
                    spec.id() + ": " + e.getMessage() + "; give the zones that it had, or remove that file", e);
        } catch (UncheckedIOException e) {
            throw new ResourceException(spec.id() + ": no file for its zones: " + e.getMessage() + "; mend that", e);
        }
    }

    private static int blockSize(BlkSpec spec, BlockStore store) {
        return Math.max(spec.blockSize(), store.blockSize());
    }

    private static ZoneTraits zones(BlkSpec spec, BlockStore store) {
        ZoneSpec zones = spec.options().zones();
        if (zones == null) {
            return ZoneTraits.NONE;
        }
        int sectors = (int) (zones.zoneBytes() / BlkRequest.SECTOR_BYTES);
        ZoneTraits traits = zones.managed() ? ZoneTraits.managed(sectors) : ZoneTraits.aware(sectors);
        return traits.withConventional(zones.conventional())
                .withLimits(zones.maxOpen(), zones.maxActive())
                .withWriteGranularity(blockSize(spec, store));
    }

    Disk disk() {
        ZoneTraits traits = zones(spec, store);
        DiskOptions options = spec.options();
        return new Disk(
                store,
                traits.isZoned() ? new Zones(traits, store.sectors(), table) : null,
                options.ratedBytes() > 0 ? new Wear(options.ratedBytes(), options.wornBytes()) : null);
    }

    BlkDevice device() {
        int blockSize = blockSize(spec, store);
        BlkDevice device = new BlkDevice(BlkTraits.of(store.sectors())
                .withBlockSize(blockSize)
                .withTopology(
                        BlkTopology.of(blockSize).withOptIoSize(spec.options().optIoBytes() / blockSize))
                .withReadOnly(spec.readOnly() || store.readOnly())
                .withQueues(spec.queues())
                .withSerial(spec.serial())
                .withDiscard(store.canDiscard())
                .withZones(zones(spec, store))
                .withSecureErase(spec.options().secureErase())
                .withLifetime(spec.options().ratedBytes() > 0));
        device.zeroesMayUnmap(store.canUnmap());
        return device;
    }
}
