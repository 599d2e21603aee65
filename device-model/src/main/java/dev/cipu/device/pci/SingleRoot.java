package dev.cipu.device.pci;

import java.util.List;

/**
 * The capability by which a host switches virtual functions on and off. {@code [SR-IOV 1.1 §3.3]} What makes no sense changes nothing: more
 * functions than there are, another number while they are on, a page size that is not supported. Functions that cannot be had now stay off,
 * and the register says so.
 *
 * <p>Owner: the control thread of the physical function.
 */
final class SingleRoot {
    private static final int ID = 0x0010;
    private static final int BYTES = 0x40;
    private static final int CAPABILITIES = 0x04;
    private static final int CONTROL = 0x08;
    private static final int INITIAL = 0x0c;
    private static final int TOTAL = 0x0e;
    private static final int NUMBER = 0x10;
    private static final int OFFSET = 0x14;
    private static final int STRIDE = 0x16;
    private static final int DEVICE = 0x1a;
    private static final int PAGES_SUPPORTED = 0x1c;
    private static final int PAGES = 0x20;
    private static final int BARS = 0x24;

    /** Offset and stride do not depend on whether the host has alternative routing ids. */
    private static final int SAME_HIERARCHY = 1 << 1;

    private static final int ENABLE = 1;

    /** Enable, memory, alternative routing ids. */
    private static final int CONTROL_WRITABLE = 0x19;

    /** 4, 8, 64 and 256 KiB, 1 and 4 MiB, which every device has to support. */
    private static final int ALL_PAGES = 0x553;

    private static final int SMALLEST_PAGE = 1;
    private static final int PAGE_SHIFT = 12;

    private final ConfigSpace config;
    private final VirtualFunctions shape;
    private final int at;
    private List<PciFunction> functions = List.of();
    private boolean enabled;
    private int number;
    private int page = SMALLEST_PAGE;

    SingleRoot(ConfigSpace config, CapabilityChain chain, VirtualFunctions shape) {
        this.config = config;
        this.shape = shape;
        at = chain.addExtended(ID, 1, BYTES);
        config.u32(at + CAPABILITIES, SAME_HIERARCHY);
        config.u16(at + INITIAL, shape.total());
        config.u16(at + TOTAL, shape.total());
        config.u16(at + OFFSET, shape.offset());
        config.u16(at + STRIDE, shape.stride());
        config.u16(at + DEVICE, shape.device());
        config.u32(at + PAGES_SUPPORTED, ALL_PAGES);
        config.u32(at + PAGES, SMALLEST_PAGE);
        config.writable(at + CONTROL, Short.BYTES, CONTROL_WRITABLE);
        config.writable(at + NUMBER, Short.BYTES, 0xffff);
        config.writable(at + PAGES, Integer.BYTES, ALL_PAGES);
        defineBars();
        config.afterWrite(at + NUMBER, Short.BYTES, this::numbered);
        config.afterWrite(at + PAGES, Integer.BYTES, this::paged);
        config.afterWrite(at + CONTROL, Short.BYTES, this::controlled);
    }

    /** A virtual function's region is whole pages of the system. {@code [SR-IOV 1.1 §3.3.14]} */
    private void defineBars() {
        for (Bar bar : shape.bars()) {
            long bytes = Math.max(bar.bytes(), (long) page << PAGE_SHIFT);
            new Bar(bar.index(), bytes, bar.wide(), bar.prefetchable()).define(config, at + BARS);
        }
    }

    private void numbered() {
        int wanted = config.u16(at + NUMBER);
        if (enabled || wanted > shape.total()) {
            config.u16(at + NUMBER, number);
        } else {
            number = wanted;
        }
    }

    private void paged() {
        int wanted = config.u32(at + PAGES);
        if (enabled || Integer.bitCount(wanted) != 1) {
            config.u32(at + PAGES, page);
        } else {
            page = wanted;
            defineBars();
        }
    }

    private void controlled() {
        boolean wanted = (config.u16(at + CONTROL) & ENABLE) != 0;
        if (wanted == enabled) {
            return;
        }
        enabled = wanted;
        if (!wanted) {
            dismiss();
        } else if (number > 0) {
            functions = List.copyOf(shape.factory().appear(number));
            if (functions.isEmpty()) {
                enabled = false;
                config.u16(at + CONTROL, config.u16(at + CONTROL) & ~ENABLE);
            }
        }
    }

    private void dismiss() {
        List<PciFunction> gone = functions;
        functions = List.of();
        if (!gone.isEmpty()) {
            // first, so that nobody else drives them when they are reset
            shape.factory().disappear(gone);
            gone.forEach(PciFunction::reset);
        }
    }

    /** Those that are on the bus now. */
    List<PciFunction> functions() {
        return functions;
    }

    /** {@code [SR-IOV 1.1 §3.3.3.1]} no virtual function outlives a reset of its physical one */
    void reset() {
        dismiss();
        enabled = false;
        number = 0;
        page = SMALLEST_PAGE;
        defineBars();
    }
}
