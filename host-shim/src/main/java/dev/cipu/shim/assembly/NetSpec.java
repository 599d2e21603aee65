package dev.cipu.shim.assembly;

import java.util.HexFormat;

/**
 * A network device.
 *
 * @param mac as six hexadecimal pairs with colons between them
 * @param queues queue pairs
 * @param switchName the switch that its port belongs to
 * @param coalesce whether frames that follow one another may reach the guest as one large frame
 * @param features what the device may offer
 */
public record NetSpec(
        String id,
        EndpointSpec endpoint,
        String mac,
        int queues,
        int mtu,
        String switchName,
        boolean coalesce,
        FeatureChoice features)
        implements DeviceSpec {
    public static final int DEFAULT_MTU = 1500;

    /** Beyond this a QEMU front-end gives up, and nobody has more cores to spread frames over. */
    public static final int MAX_QUEUES = 64;

    /** A device that may offer everything, and whose guest gets every frame as it was sent. */
    public NetSpec(String id, EndpointSpec endpoint, String mac, int queues, int mtu, String switchName) {
        this(id, endpoint, mac, queues, mtu, switchName, false, FeatureChoice.EVERYTHING);
    }

    @Override
    public String kind() {
        return "net";
    }

    public byte[] macBytes() {
        return HexFormat.ofDelimiter(":").parseHex(mac);
    }
}
