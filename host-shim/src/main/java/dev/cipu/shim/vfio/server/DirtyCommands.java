package dev.cipu.shim.vfio.server;

import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.VfioMessage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * DEVICE_FEATURE: of the features that the protocol knows there is the log of written pages, and no migration.
 * {@code [vfio-user "VFIO_USER_DEVICE_FEATURE"]} Owned by the session's thread.
 */
final class DirtyCommands {
    private static final int METHODS = VfioLayout.FEATURE_GET | VfioLayout.FEATURE_SET;
    private static final int KNOWN = VfioLayout.FEATURE_MASK | METHODS | VfioLayout.FEATURE_PROBE;
    private static final int MOST_RANGES = 256;

    private final CardQueues queues;
    private @Nullable DirtyPages pages;

    /** Whether the client named no ranges, so that what it maps later is watched too. */
    private boolean everything;

    DirtyCommands(CardQueues queues) {
        this.queues = queues;
    }

    void handle(VfioMessage message, VfioMessage reply, DmaTable table) {
        int flags = message.u32(VfioLayout.ARG_FLAGS);
        int method = flags & METHODS;
        int feature = flags & VfioLayout.FEATURE_MASK;
        int supported = switch (feature) {
            case VfioLayout.LOGGING_START, VfioLayout.LOGGING_STOP -> VfioLayout.FEATURE_SET;
            case VfioLayout.LOGGING_REPORT -> VfioLayout.FEATURE_GET;
            default -> throw new Refusal(ErrorNumber.NO_SUCH_FEATURE, "feature " + feature);
        };
        boolean probe = (flags & VfioLayout.FEATURE_PROBE) != 0;
        if ((flags & ~KNOWN) != 0 || (method & ~supported) != 0 || (method == 0 && !probe)) {
            throw new Refusal("feature " + feature + " with flags 0x" + Integer.toHexString(flags));
        }
        if (probe) {
            echo(message, reply);
            return;
        }
        switch (feature) {
            case VfioLayout.LOGGING_START -> {
                start(message, table);
                echo(message, reply);
                reply.u64(VfioLayout.LOGGING_PAGE, DirtyPages.PAGE);
            }
            case VfioLayout.LOGGING_STOP -> {
                running();
                pages = null;
                queues.log(null);
                echo(message, reply);
            }
            default -> report(message, reply);
        }
    }

    private static void echo(VfioMessage message, VfioMessage reply) {
        reply.answer(message, message.size()).bytes(0, message.bytes(0, message.size()));
    }

    private DirtyPages running() {
        DirtyPages now = pages;
        if (now == null) {
            throw new Refusal("written pages are not logged");
        }
        return now;
    }

    private void start(VfioMessage message, DmaTable table) {
        needs(message, VfioLayout.LOGGING_FIRST);
        int count = message.u32(VfioLayout.LOGGING_RANGES);
        if (pages != null || count < 0 || count > MOST_RANGES) {
            throw new Refusal("written pages are logged already, or of too many ranges");
        }
        needs(message, VfioLayout.LOGGING_FIRST + count * VfioLayout.RANGE_BYTES);
        List<DirtyPages.Range> ranges = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int at = VfioLayout.LOGGING_FIRST + i * VfioLayout.RANGE_BYTES;
            ranges.add(new DirtyPages.Range(message.u64(at), message.u64(at + Long.BYTES)));
        }
        if (count == 0) {
            for (DmaRegion region : table.regions()) {
                ranges.add(new DirtyPages.Range(region.address(), region.size()));
            }
        }
        DirtyPages next = DirtyPages.of(ranges);
        everything = count == 0;
        pages = next;
        queues.log(next);
    }

    /**
     * The client maps more memory, which queues do not use yet.
     *
     * @throws Refusal if it is more than can be watched
     */
    void mapped(DmaRegion region) {
        DirtyPages now = pages;
        if (now != null && everything) {
            DirtyPages more = now.with(new DirtyPages.Range(region.address(), region.size()));
            pages = more;
            queues.log(more);
        }
    }

    private void report(VfioMessage message, VfioMessage reply) {
        DirtyPages now = running();
        needs(message, VfioLayout.REPORT_BITS);
        long address = message.u64(VfioLayout.REPORT_ADDRESS);
        long length = message.u64(VfioLayout.REPORT_LENGTH);
        long page = message.u64(VfioLayout.REPORT_PAGE);
        // [vfio-user "VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT"] the page is a power of two
        if (page < DirtyPages.PAGE || Long.bitCount(page) != 1 || length <= 0 || address % page != 0) {
            throw new Refusal("a report of " + length + " bytes in pages of " + page);
        }
        long count = (length - 1) / page + 1;
        long bytes = (count - 1) / Long.SIZE * Long.BYTES + Long.BYTES;
        long whole = VfioLayout.REPORT_BITS + bytes;
        if (bytes > VfioLayout.MAX_DATA || length > VfioLayout.MAX_DATA * (long) Byte.SIZE * DirtyPages.PAGE) {
            throw new Refusal("a report of " + bytes + " bytes");
        }
        boolean fits = whole <= Integer.toUnsignedLong(message.u32(VfioLayout.ARGSZ));
        reply.answer(message, fits ? (int) whole : VfioLayout.REPORT_BITS)
                .bytes(0, message.bytes(0, VfioLayout.REPORT_BITS))
                .u32(VfioLayout.ARGSZ, (int) whole);
        for (long i = 0; i < count && fits; i++) {
            boolean dirty = false;
            long end = Math.min(page, length - i * page);
            for (long at = 0; at < end; at += DirtyPages.PAGE) {
                dirty |= now.take(address + i * page + at);
            }
            if (dirty) {
                int word = VfioLayout.REPORT_BITS + (int) (i / Long.SIZE) * Long.BYTES;
                reply.u64(word, reply.u64(word) | 1L << i);
            }
        }
    }

    private static void needs(VfioMessage message, int bytes) {
        if (message.size() < bytes) {
            throw new Refusal("a feature's data of " + message.size() + " bytes");
        }
    }
}
