package dev.cipu.device.pci;

import java.util.List;

/**
 * What virtual functions a physical function can have. {@code [SR-IOV 1.1 §3.3]}
 *
 * @param total how many, 1..256
 * @param device the device id of each
 * @param offset from the physical function's routing id to that of the first one
 * @param stride from one to the next
 * @param bars the regions of each
 * @param factory makes them
 */
public record VirtualFunctions(int total, int device, int offset, int stride, List<Bar> bars, Factory factory) {
    /** What a bus has room for. */
    public static final int MOST = 256;

    public VirtualFunctions {
        if (total < 1 || total > MOST) {
            throw new IllegalArgumentException(total + " virtual functions, not 1.." + MOST);
        }
        if (offset < 1 || stride < 1 || offset + (total - 1) * stride >= 1 << 16) {
            throw new IllegalArgumentException("virtual functions at " + offset + " by " + stride);
        }
    }

    /** Makes virtual functions when the host switches them on. All calls come from the physical function's control thread. */
    public interface Factory {
        /**
         * Functions as after power-on, each with a device and queues of its own; none at all if not all of them can be had now.
         *
         * @param count 1..total
         */
        List<PciFunction> appear(int count);

        /** The functions leave their bus: when this returns nobody drives them any more, and their physical function resets them. */
        void disappear(List<PciFunction> functions);
    }
}
