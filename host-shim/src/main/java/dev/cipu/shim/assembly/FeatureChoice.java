package dev.cipu.shim.assembly;

import dev.cipu.virtio.Feature;
import dev.cipu.virtio.FeaturePreset;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.RingFeatures;
import dev.cipu.virtio.VirtioDevice;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkFeatures;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetFeatures;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which features a device may offer: those of a preset, with some more and some less, as in {@code virtnet+EVENT_IDX-CSUM}.
 *
 * @param preset null if none was named: then the card's, or everything if it has none
 * @param added asked for by name; a device that cannot offer one of them is an error
 * @param removed not to be offered
 */
public record FeatureChoice(@Nullable FeaturePreset preset, FeatureSet added, FeatureSet removed) {
    public static final FeatureChoice EVERYTHING = new FeatureChoice(null, FeatureSet.NONE, FeatureSet.NONE);

    private static final String KEY = "features";
    private static final String IOMMU = "iommu";
    private static final Pattern FORM = Pattern.compile("([a-z]*)((?:[+-][A-Za-z0-9_]+)*)");
    private static final Pattern EDIT = Pattern.compile("([+-])([A-Za-z0-9_]+)");

    /**
     * Reads the key {@code features}, and {@code iommu}, which is a feature that a device offers only when told so: where nothing
     * is translated it would make each access go through a look-up.
     *
     * @param known the features of the device's type, besides those of rings
     */
    static FeatureChoice of(KeyValues values, int deviceId, List<Feature> known) {
        String text = values.text(KEY, "");
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw values.wrong(
                    KEY, "is '" + text + "'", "write a preset, then +NAME and -NAME, as in virtnet+EVENT_IDX");
        }
        FeaturePreset preset = presetOf(values, form.group(1));
        if (preset != null && !preset.fits(deviceId)) {
            throw values.wrong(
                    KEY, "names '" + preset.name() + "', which is of another kind of device", "say software");
        }
        FeatureSet added = FeatureSet.NONE;
        FeatureSet removed = FeatureSet.NONE;
        Matcher edit = EDIT.matcher(form.group(2));
        while (edit.find()) {
            int bit = bitOf(values, edit.group(2), known);
            boolean more = edit.group(1).equals("+");
            added = more ? added.with(bit) : added.without(bit);
            removed = more ? removed.without(bit) : removed.with(bit);
        }
        if (values.flag(IOMMU, false)) {
            added = added.with(RingFeature.ACCESS_PLATFORM);
            removed = removed.without(RingFeature.ACCESS_PLATFORM);
        }
        return new FeatureChoice(preset, added, removed);
    }

    private static @Nullable FeaturePreset presetOf(KeyValues values, String name) {
        try {
            return name.isEmpty() ? null : FeaturePreset.of(name);
        } catch (IllegalArgumentException e) {
            throw values.wrong(KEY, "cannot be had: " + e.getMessage(), "choose one of these");
        }
    }

    private static int bitOf(KeyValues values, String name, List<Feature> known) {
        String wanted = name.toUpperCase(Locale.ROOT);
        return Stream.concat(RingFeatures.ALL.stream(), known.stream())
                .filter(each -> each.name().equals(wanted))
                .mapToInt(Feature::bit)
                .findFirst()
                .orElseThrow(() -> values.wrong(
                        KEY,
                        "names '" + name + "', which is no feature",
                        "see docs/virtio-support.md for those there are"));
    }

    private static String names(DeviceSpec spec, FeatureSet set) {
        List<Feature> known = spec instanceof NetSpec ? NetFeatures.ALL : BlkFeatures.ALL;
        return Stream.concat(RingFeatures.ALL.stream(), known.stream())
                .filter(each -> set.has(each.bit()))
                .map(Feature::name)
                .collect(Collectors.joining(", "));
    }

    /** This choice, with a preset if it names none. */
    FeatureChoice orPreset(FeaturePreset other) {
        return preset == null ? new FeatureChoice(other, added, removed) : this;
    }

    /** What may be offered. */
    FeatureSet allowed() {
        return (preset == null ? FeaturePreset.SOFTWARE : preset)
                .allowed()
                .or(added)
                .minus(removed);
    }

    /**
     * Lets a new device offer nothing else.
     *
     * @throws CardSpecException if it cannot offer what was asked for, or if what the user wants of it needs what is left out
     */
    void restrict(DeviceSpec spec, VirtioDevice device) {
        device.restrict(allowed());
        if (added.has(RingFeature.ACCESS_PLATFORM)) {
            device.offerAccessPlatform();
        }
        FeatureSet lacking = added.minus(device.offered());
        if (!lacking.isEmpty()) {
            throw new CardSpecException(
                    spec.id() + ": this device cannot offer " + names(spec, lacking) + "; leave that out of features");
        }
        int multiqueue = spec instanceof NetSpec ? NetFeature.MQ : BlkFeature.MQ;
        if (spec.queues() > 1 && !device.offered().has(multiqueue)) {
            throw new CardSpecException(
                    spec.id() + ": several queues need the feature MQ; allow it in features, or say queues=1");
        }
    }
}
