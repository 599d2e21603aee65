package dev.cipu.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkFeatures;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetFeatures;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class FeatureTest {
    private static Map<String, Integer> constants(Class<?> of) {
        return Arrays.stream(of.getFields()).collect(Collectors.toMap(Field::getName, FeatureTest::value));
    }

    private static int value(Field field) {
        try {
            return field.getInt(null);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, Integer> listed(List<Feature> features) {
        return features.stream().collect(Collectors.toMap(Feature::name, Feature::bit));
    }

    @Test
    void everyConstantIsListedUnderItsName() {
        assertThat(listed(RingFeatures.ALL)).isEqualTo(constants(RingFeature.class));
        assertThat(listed(NetFeatures.ALL)).isEqualTo(constants(NetFeature.class));
        assertThat(listed(BlkFeatures.ALL)).isEqualTo(constants(BlkFeature.class));
    }

    @Test
    void needsOneOfEachGroup() {
        Feature feature = Feature.of(5, "X", 1, 2).oneOf(3, 4);
        assertThat(feature.isMetBy(FeatureSet.of(1, 2, 3))).isTrue();
        assertThat(feature.isMetBy(FeatureSet.of(1, 2, 4))).isTrue();
        assertThat(feature.isMetBy(FeatureSet.of(1, 2))).isFalse();
        assertThat(feature.isMetBy(FeatureSet.of(1, 3, 4))).isFalse();
        assertThat(Feature.of(5, "X").isMetBy(FeatureSet.NONE)).isTrue();
    }
}
