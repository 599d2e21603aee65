package dev.cipu.dataplane.net;

import dev.cipu.virtio.memory.HostMemory;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetControlState;
import dev.cipu.virtio.net.NetFeature;

/** Which frames a driver wants at all. {@code [virtio-1.4 §5.1.6.5.1..3]} Owner: the thread that owns the port. */
final class ReceiveFilter {
    private static final long MAC_MASK = 0xffff_ffff_ffffL;
    private static final long BROADCAST = MAC_MASK;
    private static final long GROUP_BIT = 1;
    private static final int ETHERTYPE = 12;
    private static final int VLAN_TAG = 14;
    private static final int VLAN_ID = 0xfff;
    private static final int TAGGED_MIN = 18;

    private final NetControlState state;
    private boolean byAddress;
    private boolean byVlan;

    ReceiveFilter(NetControlState state) {
        this.state = state;
    }

    /** Looks at the state again; true if there is something to filter. */
    boolean changed() {
        boolean filters = state.isServed() && (state.modes() & NetControlState.PROMISC) == 0;
        byAddress = filters && state.has(NetFeature.CTRL_RX);
        byVlan = filters && state.has(NetFeature.CTRL_VLAN);
        return byAddress || byVlan;
    }

    /** Whether a frame, of at least an Ethernet header, passes. */
    boolean passes(long frame, int bytes) {
        return (!byAddress || passes(HostMemory.ALL.get(Le.LONG_UNALIGNED, frame) & MAC_MASK))
                && (!byVlan
                        || bytes < TAGGED_MIN
                        || IpHeaders.u16(frame + ETHERTYPE) != IpHeaders.ETHERTYPE_VLAN
                        || state.hasVlan(IpHeaders.u16(frame + VLAN_TAG) & VLAN_ID));
    }

    private boolean passes(long to) {
        int modes = state.modes();
        if (to == BROADCAST) {
            return (modes & NetControlState.NOBCAST) == 0;
        }
        boolean group = (to & GROUP_BIT) != 0;
        if ((modes & (group ? NetControlState.NOMULTI : NetControlState.NOUNI)) != 0) {
            return false;
        }
        return (modes & (group ? NetControlState.ALLMULTI : NetControlState.ALLUNI)) != 0
                || to == state.mac()
                || state.macs().has(to);
    }
}
