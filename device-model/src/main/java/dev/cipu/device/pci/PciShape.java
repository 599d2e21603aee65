package dev.cipu.device.pci;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an endpoint is like.
 *
 * @param serial of the card that it belongs to
 * @param vectors of its MSI-X table, 1..2048
 * @param bars its regions, without the one for the table, which is BAR {@link PciEndpoint#TABLE_BAR}
 * @param virtual the virtual functions that it can have
 */
public record PciShape(
        FunctionKind kind,
        PciIds ids,
        PciLink link,
        long serial,
        int vectors,
        List<Bar> bars,
        @Nullable VirtualFunctions virtual) {
    public PciShape {
        if (virtual != null && kind != FunctionKind.PHYSICAL) {
            throw new IllegalArgumentException("a virtual function has no virtual functions");
        }
    }
}
