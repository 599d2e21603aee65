package dev.cipu.shim.assembly;

import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeatures;
import dev.cipu.virtio.net.NetTraits;
import org.jspecify.annotations.Nullable;

/** Reads the keys of a network device. */
final class NetKeys {
    private NetKeys() {}

    static NetSpec net(KeyValues values, String id, EndpointSpec endpoint) {
        String mac = Mac.of(values, "mac", id + "@" + endpoint.name());
        int queues = values.number("queues", 1, 1, NetSpec.MAX_QUEUES);
        int mtu = values.number("mtu", NetSpec.DEFAULT_MTU, 68, 65535);
        String switchName = values.text("switch", SwitchSpec.DEFAULT_NAME);
        boolean coalesce = values.flag("coalesce", false);
        FeatureChoice features = FeatureChoice.of(values, NetDevice.DEVICE_ID, NetFeatures.ALL);
        int speed = values.number("speed", NetTraits.UNKNOWN_SPEED, 0, Integer.MAX_VALUE);
        int duplex = duplex(values, speed);
        boolean standby = values.flag("standby", false);
        int total = EndpointKeys.virtualFunctions(values, id, endpoint);
        VirtualSpec virtuals = new VirtualSpec(total, virtualMac(values, total, mac), null);
        values.done();
        return new NetSpec(
                id, endpoint, mac, queues, mtu, switchName, speed, duplex, standby, coalesce, features, virtuals);
    }

    private static int duplex(KeyValues values, int speed) {
        String text = values.text("duplex");
        return switch (text) {
            case null -> speed == NetTraits.UNKNOWN_SPEED ? NetTraits.UNKNOWN_DUPLEX : NetTraits.FULL_DUPLEX;
            case "full" -> NetTraits.FULL_DUPLEX;
            case "half" -> NetTraits.HALF_DUPLEX;
            default -> throw values.wrong("duplex", "is '" + text + "'", "say full or half");
        };
    }

    private static @Nullable String virtualMac(KeyValues values, int total, String physical) {
        String key = "vf-mac";
        if (values.text(key) == null) {
            return null;
        }
        if (total == 0) {
            throw values.wrong(key, "is for devices with virtual functions", "add for example vfs=4");
        }
        String first = Mac.of(values, key, physical);
        String last = Mac.later(first, total - 1);
        if (!last.startsWith(first.substring(0, 2))) {
            throw values.wrong(key, "leaves no room for " + total + " addresses", "choose a smaller one");
        }
        long behind = Mac.number(physical) - Mac.number(first);
        if (behind >= 0 && behind < total) {
            throw values.wrong(
                    key, "begins a range with the address of the device itself, " + physical, "choose another one");
        }
        return first;
    }
}
