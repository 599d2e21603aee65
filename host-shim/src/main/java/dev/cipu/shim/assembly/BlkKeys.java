package dev.cipu.shim.assembly;

import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkFeatures;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the keys of a block device, and the stores that are made for it alone. */
final class BlkKeys {
    /** Where the number of a virtual function stands in the name of its file. */
    private static final String NUMBER = "%d";

    private final KeyValues values;
    private final String id;
    private final Map<String, StoreSpec> declared;
    private final Map<String, StoreSpec> made = new LinkedHashMap<>();

    /**
     * @param declared the stores that there are already
     */
    BlkKeys(KeyValues values, String id, Map<String, StoreSpec> declared) {
        this.values = values;
        this.id = id;
        this.declared = declared;
    }

    BlkSpec blk(EndpointSpec endpoint) {
        boolean readOnly = values.flag("ro", false);
        boolean direct = values.flag("direct", false);
        int total = EndpointKeys.virtualFunctions(values, id, endpoint);
        String text = StoreKeys.text(values);
        String virtual = virtualText(total);
        if (direct && !StoreKeys.isFile(text) && (virtual == null || !StoreKeys.isFile(virtual))) {
            throw values.wrong("direct", "is for files", "leave it out");
        }
        String store = text;
        if (StoreKeys.isDescription(text)) {
            store = make(id, StoreKeys.store(values, "store", "size", text, direct, readOnly));
        } else {
            named("store", text);
        }
        VirtualSpec virtuals = virtual == null ? VirtualSpec.NONE : virtuals(total, virtual, direct, readOnly);
        int queues = values.number("queues", 1, 1, BlkSpec.MAX_QUEUES);
        String serial = values.text("serial", id);
        if (serial.length() > BlkSpec.SERIAL_BYTES || !serial.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw values.wrong("serial", "is '" + serial + "'", "give at most 20 ASCII characters without spaces");
        }
        int blockSize = values.number(
                "block-size", BlkSpec.DEFAULT_BLOCK_SIZE, BlkSpec.DEFAULT_BLOCK_SIZE, BlkSpec.MAX_BLOCK_SIZE);
        if (Integer.bitCount(blockSize) != 1) {
            throw values.wrong("block-size", "is " + blockSize, "say 512, 1024, 2048 or 4096");
        }
        DiskOptions options = DiskOptions.of(values, blockSize, readOnly);
        FeatureChoice features = FeatureChoice.of(values, BlkDevice.DEVICE_ID, BlkFeatures.ALL);
        values.done();
        return new BlkSpec(id, endpoint, store, readOnly, queues, serial, blockSize, options, features, virtuals);
    }

    /** The stores that are this device's, by name. */
    Map<String, StoreSpec> stores() {
        return made;
    }

    private String make(String name, StoreSpec store) {
        if (declared.containsKey(name)) {
            throw values.wrong("id", "is also the name of a store", "choose another id");
        }
        made.put(name, store);
        return name;
    }

    private void named(String key, String name) {
        if (!declared.containsKey(name)) {
            throw values.wrong(
                    key, "names no store '" + name + "'", "write mem:SIZE, null:SIZE or file:PATH, or declare it");
        }
    }

    private @Nullable String virtualText(int total) {
        String text = values.text("vf-store");
        if (text == null && total > 0) {
            throw values.missing("vf-store", "vf-store=mem:64M, or vf-store=file:/srv/vf%d.img");
        }
        if (text != null && total == 0) {
            throw values.wrong("vf-store", "is for devices with virtual functions", "add for example vfs=4");
        }
        return text;
    }

    private VirtualSpec virtuals(int total, String text, boolean direct, boolean readOnly) {
        if (!StoreKeys.isDescription(text)) {
            named("vf-store", text);
            return new VirtualSpec(total, null, text);
        }
        if (StoreKeys.isFile(text) && !text.contains(NUMBER) && total > 1) {
            throw values.wrong(
                    "vf-store", "names one file for " + total + " functions", "put %d where the number of each goes");
        }
        for (int i = 0; i < total; i++) {
            String each = StoreKeys.isFile(text) ? text.replace(NUMBER, Integer.toString(i)) : text;
            make(id + VirtualSpec.suffix(i), StoreKeys.store(values, "vf-store", "vf-size", each, direct, readOnly));
        }
        return new VirtualSpec(total, null, null);
    }
}
