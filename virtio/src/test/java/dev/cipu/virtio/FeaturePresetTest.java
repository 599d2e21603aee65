package dev.cipu.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.blk.BlkFeatures;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeatures;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FeaturePresetTest {
    static List<FeaturePreset> presets() {
        return FeaturePreset.ALL;
    }

    @ParameterizedTest
    @MethodSource("presets")
    void whatAFeatureNeedsIsInTheSamePreset(FeaturePreset preset) {
        List<Feature> known = new ArrayList<>(RingFeatures.ALL);
        if (preset.fits(1)) {
            known.addAll(NetFeatures.ALL);
        }
        if (preset.fits(2)) {
            known.addAll(BlkFeatures.ALL);
        }
        assertThat(known)
                .filteredOn(each -> preset.allowed().has(each.bit()))
                .isNotEmpty()
                .allMatch(each -> each.isMetBy(preset.allowed()));
        assertThat(preset.allowed().has(RingFeature.VERSION_1)).isTrue();
        assertThat(preset.source()).isNotBlank();
    }

    @ParameterizedTest
    @MethodSource("presets")
    void aPresetIsFoundByItsName(FeaturePreset preset) {
        assertThat(FeaturePreset.of(preset.name())).isSameAs(preset);
    }

    @Test
    void anUnknownNameIsToldInOneLineWithThoseThereAre() {
        assertThatThrownBy(() -> FeaturePreset.of("hardware"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is no preset 'hardware', only software and virtnet");
    }

    @Test
    void theHardwareCardHasNeitherEventIndicesNorIndirectTables() {
        assertThat(FeaturePreset.VIRTNET.allowed().and(FeatureSet.of(RingFeature.EVENT_IDX, RingFeature.INDIRECT_DESC)))
                .isEqualTo(FeatureSet.NONE);
        assertThat(FeaturePreset.VIRTNET.fits(2)).isFalse();
        assertThat(FeaturePreset.VIRTNET.allowed().low()).isEqualTo(0x8b00_0377_00ef_982fL);
    }

    @Test
    void aDeviceOffersWhatItHasOfAPreset() {
        NetDevice device = new NetDevice(new byte[] {2, 0, 0, 0, 0, 1}, 1500, 2);
        FeatureSet before = device.offered();
        device.restrict(FeaturePreset.SOFTWARE.allowed());
        assertThat(device.offered()).isEqualTo(before);
        device.restrict(FeaturePreset.VIRTNET.allowed());
        assertThat(device.offered()).isEqualTo(before.and(FeaturePreset.VIRTNET.allowed()));
    }
}
