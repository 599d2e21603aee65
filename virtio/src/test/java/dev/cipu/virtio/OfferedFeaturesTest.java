package dev.cipu.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkFeatures;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetFeatures;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for the features of every device that can be made. {@code [virtio-1.4 §2.2]} */
class OfferedFeaturesTest {
    private static final int SUBSETS = 2_000;

    /** Bits of ring and transport that mean something only where there is a PCI function. */
    private static final FeatureSet OF_PCI = FeatureSet.of(RingFeature.SR_IOV, RingFeature.ADMIN_VQ);

    static Stream<VirtioDevice> devices() {
        byte[] mac = {2, 0, 0, 0, 0, 1};
        Stream<VirtioDevice> nets = Stream.of(1, 2, 8).map(pairs -> new NetDevice(mac, 1500, pairs));
        Stream<VirtioDevice> blks = Stream.of(
                        BlkTraits.of(2048),
                        BlkTraits.of(2048)
                                .withBlockSize(4096)
                                .withQueues(4)
                                .withDiscard(true)
                                .withLifetime(true),
                        BlkTraits.of(2048).withReadOnly(true).withQueues(2))
                .map(BlkDevice::new);
        return Stream.concat(nets, blks);
    }

    private static List<Feature> known(VirtioDevice device) {
        return device instanceof NetDevice ? NetFeatures.ALL : BlkFeatures.ALL;
    }

    private static boolean isClosed(VirtioDevice device, FeatureSet set) {
        return known(device).stream().allMatch(each -> !set.has(each.bit()) || each.isMetBy(set));
    }

    @ParameterizedTest
    @MethodSource("devices")
    @Conforms("BF-004")
    void whatAnOfferedFeatureNeedsIsOfferedToo(VirtioDevice device) {
        assertThat(isClosed(device, device.offered())).isTrue();
    }

    @ParameterizedTest
    @MethodSource("devices")
    @Conforms({"BF-004", "BF-005", "BF-008"})
    void everyValidSubsetIsAcceptedAndStaysSo(VirtioDevice device) {
        long seed = Seed.get();
        Random random = new Random(seed);
        FeatureSet version = FeatureSet.of(RingFeature.VERSION_1);
        for (int i = 0; i < SUBSETS; i++) {
            FeatureSet some = new FeatureSet(random.nextLong(), random.nextLong());
            FeatureSet wanted = device.offered()
                    .and(i % 2 == 0 ? some : some.or(device.offered()))
                    .or(version);
            if (isClosed(device, wanted)) {
                assertThat(device.negotiate(wanted))
                        .as("%s, %s", wanted, Seed.text(seed))
                        .isTrue();
                device.reset();
                assertThat(device.negotiate(wanted)).as("%s again", wanted).isTrue();
            }
            device.reset();
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    @Conforms({"BF-007", "BF-025", "BF-033"})
    void onlyBitsThatMeanSomethingHereAreOffered(VirtioDevice device) {
        FeatureSet defined = FeatureSet.NONE;
        for (List<Feature> list : List.of(RingFeatures.ALL, known(device))) {
            for (Feature feature : list) {
                defined = defined.with(feature.bit());
            }
        }
        assertThat(device.offered().minus(defined)).as("undefined").isEqualTo(FeatureSet.NONE);
        assertThat(device.offered().and(OF_PCI)).as("without PCI").isEqualTo(FeatureSet.NONE);
        assertThat(device.offered().has(RingFeature.VERSION_1)).isTrue();
    }

    @ParameterizedTest
    @MethodSource("devices")
    @Conforms("BF-004")
    void aRestrictionTakesAlongWhatNeedsTheForbidden(VirtioDevice device) {
        FeatureSet before = device.offered();
        FeatureSet allowed = before.minus(FeatureSet.of(
                NetFeature.CSUM, NetFeature.GUEST_CSUM, BlkFeature.FLUSH, BlkFeature.MQ, RingFeature.VERSION_1));
        device.restrict(allowed);
        assertThat(allowed.with(RingFeature.VERSION_1).containsAll(device.offered()))
                .isTrue();
        assertThat(device.offered().has(RingFeature.VERSION_1)).isTrue();
        assertThat(isClosed(device, device.offered())).isTrue();
        assertThat(device.negotiate(before)).isFalse();
        assertThat(device.negotiate(device.offered())).isTrue();
    }

    @Test
    @Conforms("BF-004")
    void noRestrictionLeavesAFeatureWithoutWhatItNeeds() {
        long seed = Seed.get();
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            FeatureSet allowed = new FeatureSet(random.nextLong(), random.nextLong());
            devices().forEach(device -> {
                device.restrict(allowed);
                assertThat(isClosed(device, device.offered()))
                        .as("%s, %s", allowed, Seed.text(seed))
                        .isTrue();
            });
        }
    }
}
