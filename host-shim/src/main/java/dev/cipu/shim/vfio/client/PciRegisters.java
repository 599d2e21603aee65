package dev.cipu.shim.vfio.client;

import dev.cipu.device.pci.CapabilityChain;
import dev.cipu.device.pci.HeaderLayout;
import dev.cipu.shim.vfio.VfioLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The configuration space of a function that somebody else serves. {@code [PCI Local Bus 3.0 §6.1]} Owned by one thread. */
public final class PciRegisters {
    /** How many there can be. */
    public static final int BARS = 6;

    private static final int REGION = VfioLayout.REGION_CONFIG;

    /** Where a capability begins, and what it is. */
    public record Capability(int at, int id) {}

    /** Capabilities in the order of their list, and what is wrong with that, null for nothing. */
    public record Walk(
            List<Capability> capabilities, @Nullable String fault) {}

    private final VfioClient client;

    public PciRegisters(VfioClient client) {
        this.client = client;
    }

    public VfioClient client() {
        return client;
    }

    /** A register of up to 4 bytes. */
    public long get(int at, int bytes) {
        return client.get(REGION, at, bytes);
    }

    public void set(int at, int bytes, long value) {
        client.set(REGION, at, bytes, value);
    }

    /** Follows the list of capabilities as far as it makes sense. */
    public Walk walk() {
        List<Capability> found = new ArrayList<>();
        if ((get(HeaderLayout.STATUS, 2) & HeaderLayout.STATUS_CAPABILITIES) == 0) {
            return new Walk(found, "the status register says that there are no capabilities");
        }
        int at = (int) get(HeaderLayout.CAPABILITIES, 1);
        while (at != 0) {
            int here = at;
            if (here < CapabilityChain.FIRST || here % 4 != 0) {
                return new Walk(found, "a capability at 0x" + Integer.toHexString(here));
            }
            if (found.stream().anyMatch(one -> one.at() == here)) {
                return new Walk(found, "the list of capabilities leads back to 0x" + Integer.toHexString(here));
            }
            found.add(new Capability(here, (int) get(here, 1)));
            at = (int) get(here + 1, 1);
        }
        return new Walk(found, null);
    }

    /** Where the first capability of a kind begins, or 0. */
    public int find(int id) {
        return walk().capabilities().stream()
                .filter(one -> one.id() == id)
                .mapToInt(Capability::at)
                .findFirst()
                .orElse(0);
    }

    /** Bytes of a BAR as its register shows them when ones are written to it; 0 if there is none. The register is as it was afterwards. */
    public long barBytes(int bar) {
        int at = HeaderLayout.BARS + 4 * bar;
        long before = get(at, 4);
        boolean wide = (before & 7) == HeaderLayout.BAR_WIDE;
        int registers = wide ? 2 : 1;
        long upper = wide ? get(at + 4, 4) : 0;
        set(at, 4, 0xffff_ffffL);
        long mask = get(at, 4) & ((before & 1) == 0 ? ~0xfL : ~3L);
        if (registers == 2) {
            set(at + 4, 4, 0xffff_ffffL);
            mask |= get(at + 4, 4) << 32;
            set(at + 4, 4, upper);
        }
        set(at, 4, before);
        if (mask == 0) {
            return 0;
        }
        return wide ? -mask : -mask & 0xffff_ffffL;
    }

    /** Whether the register of a BAR is the upper half of the one before. */
    public boolean isUpperHalf(int bar) {
        return bar > 0
                && !isUpperHalf(bar - 1)
                && (get(HeaderLayout.BARS + 4 * (bar - 1), 4) & 7) == HeaderLayout.BAR_WIDE;
    }
}
