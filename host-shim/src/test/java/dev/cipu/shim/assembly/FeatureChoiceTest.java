package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.virtio.FeaturePreset;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeature;
import org.junit.jupiter.api.Test;

/** What can be said of the features of a device. */
class FeatureChoiceTest {
    private static FeatureChoice featuresOf(CardSpec card) {
        return card.devices().getFirst().features();
    }

    @Test
    void featuresAreAPresetWithSomeMoreAndSomeLess() {
        assertThat(featuresOf(Described.net("socket=/a"))).isEqualTo(FeatureChoice.EVERYTHING);
        assertThat(featuresOf(Described.blk("socket=/b,store=mem:1M"))).isEqualTo(FeatureChoice.EVERYTHING);
        FeatureChoice card = featuresOf(Described.net("socket=/a,features=virtnet+EVENT_IDX-CSUM"));
        assertThat(card.preset()).isEqualTo(FeaturePreset.VIRTNET);
        assertThat(card.allowed())
                .isEqualTo(FeaturePreset.VIRTNET
                        .allowed()
                        .with(RingFeature.EVENT_IDX)
                        .without(NetFeature.CSUM));
        assertThat(featuresOf(Described.blk("socket=/b,store=mem:1M,features=-flush-EVENT_IDX"))
                        .removed())
                .isEqualTo(FeatureSet.of(BlkFeature.FLUSH, RingFeature.EVENT_IDX));
        assertThat(featuresOf(Described.net("socket=/a,features=+MAC-MAC")))
                .isEqualTo(featuresOf(Described.net("socket=/a,features=-MAC")));
    }

    @Test
    void aDeviceOffersWhatItsDescriptionAllows() {
        FeatureChoice choice = featuresOf(Described.net("socket=/a,features=virtnet-MTU"));
        NetSpec spec = new NetSpec("n", EndpointSpec.EMBEDDED, "02:00:00:00:00:01", 1, 1500, "sw0").offering(choice);
        NetDevice device = new NetDevice(spec.macBytes(), 1500, 1);
        FeatureSet before = device.offered();
        choice.restrict(spec, device);
        assertThat(device.offered())
                .isEqualTo(before.and(FeaturePreset.VIRTNET.allowed()).without(NetFeature.MTU));
    }

    @Test
    void whatADeviceCannotOfferAndWhatItNeedsIsSaid() {
        FeatureChoice choice = featuresOf(Described.net("socket=/a,features=+SR_IOV"));
        NetSpec net = new NetSpec("n", EndpointSpec.EMBEDDED, "02:00:00:00:00:01", 1, 1500, "sw0").offering(choice);
        assertThatThrownBy(() -> choice.restrict(net, new NetDevice(net.macBytes(), 1500, 1)))
                .isInstanceOf(CardSpecException.class)
                .hasMessage("n: this device cannot offer SR_IOV; leave that out of features");
        FeatureChoice less = featuresOf(Described.blk("socket=/b,store=mem:1M,features=-MQ"));
        BlkSpec blk = new BlkSpec(
                "b", EndpointSpec.EMBEDDED, "m", false, 2, "s", 512, DiskOptions.NONE, less, VirtualSpec.NONE);
        assertThatThrownBy(() ->
                        less.restrict(blk, new BlkDevice(BlkTraits.of(2048).withQueues(2))))
                .isInstanceOf(CardSpecException.class)
                .hasMessage("b: several queues need the feature MQ; allow it in features, or say queues=1");
    }

    @Test
    void anIommuIsOfferedOnlyWhenAskedFor() {
        CardSpec card = new CardSpecBuilder()
                .blk(KeyValues.parse("--blk", "socket=/tmp/a,store=null:4k,iommu=on,features=-IN_ORDER"))
                .blk(KeyValues.parse("--blk", "socket=/tmp/b,store=null:4k"))
                .build();
        for (DeviceSpec spec : card.devices()) {
            BlkDevice device = new BlkDevice(BlkTraits.of(2048));
            spec.features().restrict(spec, device);
            assertThat(device.offered().has(RingFeature.ACCESS_PLATFORM))
                    .isEqualTo(spec.id().equals("blk0"));
        }
    }
}
