package dev.cipu.bench.conformance;

import dev.cipu.shim.vhost.CarriedFeatures;
import dev.cipu.virtio.Feature;
import dev.cipu.virtio.FeaturePreset;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeatures;
import dev.cipu.virtio.VirtioDevice;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkFeatures;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.blk.ZoneTraits;
import dev.cipu.virtio.driver.DriverFeatures;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeatures;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Every feature bit that the specification knows, and what we have of it: asked of the code, not remembered. */
final class SupportTable {
    /** A kind of device with everything on that it can have. */
    private record Kind(
            String name,
            List<Feature> features,
            FeatureSet offered,
            FeatureSet carried,
            FeatureSet driver,
            int deviceId) {
        static Kind of(String name, List<Feature> features, FeatureSet driver, int deviceId, VirtioDevice... devices) {
            // of vfio-user always, of vhost-user with iommu=on
            Stream.of(devices).forEach(VirtioDevice::offerAccessPlatform);
            return new Kind(
                    name,
                    features,
                    any(devices, VirtioDevice::offered),
                    any(devices, CarriedFeatures::of),
                    driver,
                    deviceId);
        }

        private static FeatureSet any(VirtioDevice[] devices, Function<VirtioDevice, FeatureSet> what) {
            return Stream.of(devices).map(what).reduce(FeatureSet.NONE, FeatureSet::or);
        }
    }

    /** Ways that carry every bit there is: registers have room for all, and so has a call. */
    private static final String WHOLE = "vfio-user, embedded";

    private static final Kind NET = Kind.of(
            "net",
            NetFeatures.ALL,
            DriverFeatures.NET,
            NetDevice.DEVICE_ID,
            new NetDevice(new byte[] {2, 0, 0, 0, 0, 1}, 1500, 2));

    private static final Kind BLK = Kind.of(
            "blk",
            BlkFeatures.ALL,
            DriverFeatures.BLK,
            BlkDevice.DEVICE_ID,
            new BlkDevice(BlkTraits.of(1 << 20)
                    .withQueues(2)
                    .withDiscard(true)
                    .withSecureErase(true)
                    .withLifetime(true)),
            new BlkDevice(BlkTraits.of(2048).withReadOnly(true)),
            new BlkDevice(BlkTraits.of(1 << 20).withZones(ZoneTraits.managed(1 << 12))));

    /** The drivers at the other end, by the names that the peer tests give them. */
    private static final SortedMap<String, String> WHO = new TreeMap<>(Map.of(
            "dpdk", "the virtio-user driver of DPDK",
            "libblkio", "libblkio, behind QEMU's block tools",
            "linux", "the drivers of Debian's kernel, in guests of QEMU",
            "linux-pci", "the same drivers, with the card's functions on their bus by vfio-user",
            "seabios", "the firmware's disk driver"));

    private final PeerFeatures peers;

    SupportTable(PeerFeatures peers) {
        this.peers = peers;
    }

    String page() {
        StringBuilder page = new StringBuilder("""
                # Which VIRTIO features there are

                This page is generated from the code, and a test fails while it is out of date; `scripts/docs.sh` writes it anew.

                - *device half*: which of our devices offer the bit, when they are made with everything on.
                - *driver half*: whether our own drivers (`cipu drive`, `cipu demo`) can accept it.
                - *carried by*: how it reaches a driver. An embedded guest has all bits, and so has one on whose bus the device is a PCI
                  function, over vfio-user. vhost-user has 64, and its kicks hold no data. The
                  reset of a network device's queue is kept from it: QEMU 11.1 negotiates RING_RESET for its guest, and when the guest
                  resets a queue, as Linux does for `ethtool -G`, the back-end hears of neither the reset nor the new ring, be the device
                  `virtio-net` or `vhost-user-test-device`. Without the bit `ethtool -G` is refused, and nothing is lost.
                - *preset*: which of the published lists has it; see `features=` in [cli.md](cli.md). `software` has everything.
                - *peers*: whose drivers have accepted it from the card in a test, see below. The peer tests note what they see, and
                  whoever runs `scripts/docs.sh` after `./check` adds that here. Nothing is taken off by itself, so this column may
                  speak of an older version. An empty cell says that no test has seen it, not that it does not work: front-ends keep
                  some bits of a network device for themselves, such as MAC, STATUS and CTRL_VQ, and tell the driver on their own.

                What each requirement of the specification is shown by is in [conformance.md](conformance.md).
                """);
        for (FeaturePreset preset : FeaturePreset.ALL) {
            page.append("%nPreset `%s`: %s.%n".formatted(preset.name(), preset.source()));
        }
        WHO.forEach((name, who) -> {
            if (peers.knows(name)) {
                page.append("%nPeer `%s`: %s.%n".formatted(name, who));
            }
        });
        page.append("\n## Rings and transports\n\n");
        table(page, RingFeatures.ALL, DriverFeatures.RING, List.of(NET, BLK));
        page.append("\n## Network device\n\n");
        table(page, NET.features(), NET.driver(), List.of(NET));
        page.append("\n## Block device\n\n");
        table(page, BLK.features(), BLK.driver(), List.of(BLK));
        return page.toString();
    }

    private void table(StringBuilder page, List<Feature> features, FeatureSet driver, List<Kind> kinds) {
        page.append("| bit | name | needs | device half | driver half | carried by | preset | peers |\n");
        page.append("|---:|---|---|---|---|---|---|---|\n");
        for (Feature each : features) {
            List<String> offering = kinds.stream()
                    .filter(kind -> kind.offered().has(each.bit()))
                    .map(Kind::name)
                    .toList();
            page.append("| %d | %s | %s | %s | %s | %s | %s | %s |%n"
                    .formatted(
                            each.bit(),
                            each.name(),
                            needs(each, features),
                            offering.isEmpty() ? "not offered yet" : String.join(", ", offering),
                            driver.has(each.bit()) ? "yes" : "",
                            carriers(each, kinds),
                            presets(each, kinds),
                            peers(each, kinds)));
        }
    }

    private static String carriers(Feature feature, List<Kind> kinds) {
        List<Kind> offering =
                kinds.stream().filter(kind -> kind.offered().has(feature.bit())).toList();
        List<Kind> carried = offering.stream()
                .filter(kind -> kind.carried().has(feature.bit()))
                .toList();
        if (offering.isEmpty()) {
            return "";
        }
        if (carried.isEmpty()) {
            return WHOLE;
        }
        String which = carried.equals(offering)
                ? ""
                : carried.stream().map(Kind::name).collect(Collectors.joining(", ", " (", ")"));
        return "vhost-user" + which + ", " + WHOLE;
    }

    private static String needs(Feature feature, List<Feature> among) {
        return feature.requires().stream()
                .map(any -> IntStream.range(0, FeatureSet.WIDTH)
                        .filter(any::has)
                        .mapToObj(bit -> name(bit, among))
                        .collect(Collectors.joining(" or ")))
                .collect(Collectors.joining(", "));
    }

    private static String name(int bit, List<Feature> among) {
        return among.stream()
                .filter(each -> each.bit() == bit)
                .map(Feature::name)
                .findFirst()
                .orElse("bit " + bit);
    }

    private static String presets(Feature feature, List<Kind> kinds) {
        return FeaturePreset.ALL.stream()
                .filter(preset -> preset.deviceId() != FeaturePreset.ANY_DEVICE)
                .filter(preset -> kinds.stream().anyMatch(kind -> preset.fits(kind.deviceId())))
                .filter(preset -> preset.allowed().has(feature.bit()))
                .map(FeaturePreset::name)
                .collect(Collectors.joining(", "));
    }

    private String peers(Feature feature, List<Kind> kinds) {
        Set<String> all = new LinkedHashSet<>();
        kinds.forEach(kind -> all.addAll(peers.of(kind.name(), feature.bit())));
        return all.stream().sorted().collect(Collectors.joining(", "));
    }

    /** Bits that one of our devices offers, or a peer accepted, and no list names. */
    List<String> unknown() {
        List<String> unknown = new ArrayList<>();
        for (Kind kind : List.of(NET, BLK)) {
            for (int bit = 0; bit < FeatureSet.WIDTH; bit++) {
                int number = bit;
                boolean named = Stream.concat(RingFeatures.ALL.stream(), kind.features().stream())
                        .anyMatch(each -> each.bit() == number);
                if (!named
                        && (kind.offered().has(bit)
                                || !peers.of(kind.name(), bit).isEmpty())) {
                    unknown.add(kind.name() + " bit " + bit);
                }
            }
        }
        return unknown;
    }
}
