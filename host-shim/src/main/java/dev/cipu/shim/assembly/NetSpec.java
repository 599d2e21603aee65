package dev.cipu.shim.assembly;

import dev.cipu.virtio.net.NetTraits;
import java.util.HexFormat;

/**
 * A network device.
 *
 * @param mac as six hexadecimal pairs with colons between them
 * @param queues queue pairs
 * @param switchName the switch that its port belongs to
 * @param speed what the device says of its speed: Mbit/s, or {@link NetTraits#UNKNOWN_SPEED}
 * @param duplex likewise, one of {@link NetTraits}
 * @param standby whether it stands by for another device with the same address
 * @param coalesce whether frames that follow one another may reach the guest as one large frame
 * @param features what the device may offer
 * @param virtuals those that it can have beside it
 */
public record NetSpec(
        String id,
        EndpointSpec endpoint,
        String mac,
        int queues,
        int mtu,
        String switchName,
        int speed,
        int duplex,
        boolean standby,
        boolean coalesce,
        FeatureChoice features,
        VirtualSpec virtuals)
        implements DeviceSpec {
    public static final int DEFAULT_MTU = 1500;

    /** Beyond this a QEMU front-end gives up, and nobody has more cores to spread frames over. */
    public static final int MAX_QUEUES = 64;

    /** A device that may offer everything, says nothing of its speed, stands by for nobody, and whose guest gets every frame as it was sent. */
    public NetSpec(String id, EndpointSpec endpoint, String mac, int queues, int mtu, String switchName) {
        this(
                id,
                endpoint,
                mac,
                queues,
                mtu,
                switchName,
                NetTraits.UNKNOWN_SPEED,
                NetTraits.UNKNOWN_DUPLEX,
                false,
                false,
                FeatureChoice.EVERYTHING,
                VirtualSpec.NONE);
    }

    /** As this one, but offering what is chosen. */
    public NetSpec offering(FeatureChoice choice) {
        return new NetSpec(
                id, endpoint, mac, queues, mtu, switchName, speed, duplex, standby, coalesce, choice, virtuals);
    }

    @Override
    public NetSpec virtual(int index) {
        String name = id + VirtualSpec.suffix(index);
        EndpointSpec at = VirtualSpec.endpoint(endpoint, index);
        return new NetSpec(
                name,
                at,
                virtuals.mac(name + "@" + at.name(), index),
                queues,
                mtu,
                switchName,
                speed,
                duplex,
                standby,
                coalesce,
                features,
                VirtualSpec.NONE);
    }

    @Override
    public String kind() {
        return "net";
    }

    public byte[] macBytes() {
        return HexFormat.ofDelimiter(":").parseHex(mac);
    }

    /** The device as its driver will see it. */
    NetTraits traits() {
        return NetTraits.of(mtu, queues).withSpeed(speed, duplex).withStandby(standby);
    }
}
