package dev.cipu.shim.assembly;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What most disks do without.
 *
 * @param zones null for none
 * @param ratedBytes that the disk bears before it is worn out, 0 if it does not tell
 * @param wornBytes of them that were written already
 * @param secureErase whether blocks can be overwritten for good
 * @param optIoBytes best size of a transfer, 0 for no advice
 */
public record DiskOptions(
        @Nullable ZoneSpec zones, long ratedBytes, long wornBytes, boolean secureErase, int optIoBytes) {
    public static final DiskOptions NONE = new DiskOptions(null, 0, 0, false, 0);

    private static final int MOST_OPT_IO = 1 << 30;

    private enum Model {
        NONE,
        MANAGED,
        AWARE
    }

    private static final Map<String, Model> MODELS = models();

    private static Map<String, Model> models() {
        Map<String, Model> models = new LinkedHashMap<>();
        models.put("host-managed", Model.MANAGED);
        models.put("host-aware", Model.AWARE);
        models.put("off", Model.NONE);
        return models;
    }

    /** Takes the keys out of those of a block device. */
    static DiskOptions of(KeyValues values, int blockSize, boolean readOnly) {
        ZoneSpec zones = zones(values, blockSize, readOnly);
        boolean erase = values.flag("secure-erase", false);
        if (erase && readOnly) {
            throw values.wrong("secure-erase", "is of no use on a disk that cannot be written", "leave it out");
        }
        String lifetime = values.text("lifetime");
        String worn = values.text("worn");
        if (worn != null && lifetime == null) {
            throw values.wrong("worn", "is for disks with a lifetime", "add for example lifetime=100G");
        }
        long rated = lifetime == null ? 0 : values.size("lifetime", lifetime);
        if (lifetime != null && rated == 0) {
            throw values.wrong("lifetime", "is no byte", "say how much the disk bears, for example 100G");
        }
        String best = values.text("opt-io");
        long bytes = best == null ? 0 : values.size("opt-io", best);
        if (bytes % blockSize != 0 || bytes > MOST_OPT_IO) {
            throw values.wrong("opt-io", "has " + bytes + " bytes", "give a multiple of block-size up to 1G");
        }
        return new DiskOptions(zones, rated, worn == null ? 0 : values.size("worn", worn), erase, (int) bytes);
    }

    private static @Nullable ZoneSpec zones(KeyValues values, int blockSize, boolean readOnly) {
        Model model = values.choice("zoned", MODELS, Model.NONE);
        String size = values.text("zone-size");
        int conventional = values.number("zones-conventional", 0, 0, Integer.MAX_VALUE);
        int open = values.number("max-open", 0, 0, Integer.MAX_VALUE);
        int active = values.number("max-active", 0, 0, Integer.MAX_VALUE);
        if (model == Model.NONE) {
            if (size != null || (conventional | open | active) != 0) {
                String key = size != null
                        ? "zone-size"
                        : conventional > 0 ? "zones-conventional" : open > 0 ? "max-open" : "max-active";
                throw values.wrong(key, "is for disks with zones", "add zoned=host-managed or zoned=host-aware");
            }
            return null;
        }
        if (readOnly) {
            throw values.wrong("zoned", "is of no use on a disk that cannot be written", "leave it or ro out");
        }
        if (model == Model.AWARE && (open | active) != 0) {
            throw values.wrong(
                    open > 0 ? "max-open" : "max-active",
                    "is for host-managed zones: host-aware ones can be written at any time",
                    "leave it out");
        }
        if (open > active && active > 0) {
            throw values.wrong("max-open", "is more than max-active", "count open zones as active ones too");
        }
        long bytes = values.size("zone-size", size == null ? ZoneSpec.DEFAULT_ZONE : size);
        if (bytes < Math.max(ZoneSpec.LEAST_ZONE, blockSize)
                || bytes > ZoneSpec.LARGEST_ZONE
                || Long.bitCount(bytes) != 1) {
            throw values.wrong("zone-size", "has " + bytes + " bytes", "give a power of two from 64k to 256G");
        }
        return new ZoneSpec(model == Model.MANAGED, bytes, conventional, open, active);
    }
}
