package dev.cipu.device.card;

import dev.cipu.virtio.FeaturePreset;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.net.NetDevice;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A card generation: what it introduced, what it serves, and its figures. Whoever needs a parameter asks for it by name; a card
 * of which it is not known has none.
 *
 * @param name as users write it
 * @param title as people say it
 * @param year in which it was introduced
 * @param introduced what was new, and where it is said that it came in that year
 * @param serves how each form of compute is served; what is missing is not served
 * @param netFeatures the preset of a network device that names none
 * @param blkFeatures likewise of a block device
 * @param figures by parameter, in the parameters' order
 */
public record CardProfile(
        String name,
        String title,
        int year,
        Statement introduced,
        Map<ComputeForm, Statement> serves,
        Statement netFeatures,
        Statement blkFeatures,
        Map<Parameter, Figure> figures) {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9.-]{0,31}");

    public CardProfile {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "'" + name + "' is no name; use up to 32 small letters, digits, dots and dashes");
        }
        preset(netFeatures, NetDevice.DEVICE_ID);
        preset(blkFeatures, BlkDevice.DEVICE_ID);
        serves = ordered(ComputeForm.class, serves);
        figures = ordered(Parameter.class, figures);
    }

    private static <K extends Enum<K>, V> Map<K, V> ordered(Class<K> keys, Map<K, V> values) {
        Map<K, V> sorted = new EnumMap<>(keys);
        sorted.putAll(values);
        return Collections.unmodifiableMap(sorted);
    }

    private static FeaturePreset preset(Statement named, int deviceId) {
        FeaturePreset preset = FeaturePreset.of(named.text());
        if (!preset.fits(deviceId)) {
            throw new IllegalArgumentException(
                    "the preset '" + preset.name() + "' is of another kind of device; say software");
        }
        return preset;
    }

    /** What a network device may offer that names no preset. */
    public FeaturePreset netPreset() {
        return preset(netFeatures, NetDevice.DEVICE_ID);
    }

    /** What a block device may offer that names no preset. */
    public FeaturePreset blkPreset() {
        return preset(blkFeatures, BlkDevice.DEVICE_ID);
    }

    /** The figure of a parameter, null where none is known. */
    public @Nullable Figure figure(Parameter parameter) {
        return figures.get(parameter);
    }

    /** This card, with what is {@code assumed} of any where nothing is known of it. */
    public CardProfile completedBy(CardProfile assumed) {
        Map<Parameter, Figure> all = new EnumMap<>(assumed.figures);
        all.putAll(figures);
        return with(all);
    }

    /** This card with another figure. */
    public CardProfile with(Figure figure) {
        Map<Parameter, Figure> changed = new EnumMap<>(figures);
        changed.put(figure.parameter(), figure);
        return with(changed);
    }

    private CardProfile with(Map<Parameter, Figure> others) {
        return new CardProfile(name, title, year, introduced, serves, netFeatures, blkFeatures, others);
    }

    /** The figures of a section, in the parameters' order. */
    public List<Figure> figures(Section section) {
        return figures.values().stream()
                .filter(each -> each.parameter().section() == section)
                .toList();
    }
}
