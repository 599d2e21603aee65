package dev.cipu.virtio;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A feature bit as the specification lists it: its number, its name, and what it needs.
 *
 * @param bit number of the bit
 * @param name as in the specification, without its prefix
 * @param requires of each set at least one bit has to come with this one
 */
public record Feature(int bit, String name, List<FeatureSet> requires) {
    /** A feature that needs the given bits, all of them. */
    public static Feature of(int bit, String name, int... requiredBits) {
        List<FeatureSet> each =
                Arrays.stream(requiredBits).mapToObj(FeatureSet::of).toList();
        return new Feature(bit, name, each);
    }

    /** This feature, which needs at least one of the given bits besides. */
    public Feature oneOf(int... bits) {
        List<FeatureSet> more = new ArrayList<>(requires);
        more.add(FeatureSet.of(bits));
        return new Feature(bit, name, List.copyOf(more));
    }

    /** Whether everything that this feature needs is in the set. */
    public boolean isMetBy(FeatureSet set) {
        return requires.stream().noneMatch(any -> any.and(set).isEmpty());
    }
}
