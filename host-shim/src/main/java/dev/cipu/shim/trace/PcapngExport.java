package dev.cipu.shim.trace;

import dev.cipu.dataplane.journal.Capture.Payload;
import dev.cipu.dataplane.journal.RecordLayout;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Makes a capture file of the frames in a trace: an interface for each pair of queues, named {@code DEVICE/PAIR}; what a guest got is
 * inbound, what it sent outbound. Requests of disks and commands have no place in such a file.
 */
public final class PcapngExport {
    private final TraceReader trace;
    private final Map<Long, Face> faces = new LinkedHashMap<>();

    /** An interface of the file, and what passed it so far. */
    private static final class Face {
        final int number;
        final String name;
        long first = Long.MAX_VALUE;
        long last = Long.MIN_VALUE;
        long packets;
        long lost;
        long untold;

        Face(int number, String name) {
            this.number = number;
            this.name = name;
        }
    }

    private PcapngExport(TraceReader trace, Predicate<TracedDevice> wanted) {
        this.trace = trace;
        for (QueueTotals each : trace.totals()) {
            TracedDevice device = each.device();
            int pair = each.queue() / 2;
            boolean hasFrames = each.frames() > 0 || (each.lost() > 0 && each.queue() < device.queues() - 1);
            if (device.isNetwork() && wanted.test(device) && hasFrames) {
                faces.computeIfAbsent(key(device, each.queue()), _ -> new Face(faces.size(), device.id() + "/" + pair));
            }
        }
    }

    private static long key(TracedDevice device, int queue) {
        return (long) device.number() << 16 | queue / 2;
    }

    /**
     * Writes the file.
     *
     * @return how many packets it has
     */
    public static long write(TraceReader trace, Predicate<TracedDevice> wanted, OutputStream out) throws IOException {
        return new PcapngExport(trace, wanted).write(out);
    }

    private long write(OutputStream out) throws IOException {
        PcapngWriter writer = new PcapngWriter(out);
        int most = trace.header().capture().payload() == Payload.HEADERS
                ? trace.header().capture().headerBytes()
                : RecordLayout.MAX_CAPTURED;
        for (Face face : faces.values()) {
            writer.describe(face.name, most);
        }
        trace.rewind();
        Transaction each = trace.transaction();
        while (trace.next()) {
            Face face = each.device().isNetwork() ? faces.get(key(each.device(), each.queue())) : null;
            if (face != null) {
                add(writer, face, each);
            }
        }
        long packets = 0;
        for (Face face : faces.values()) {
            packets += face.packets;
            writer.statistics(face.number, face.first, face.last, face.packets + face.lost, face.lost);
        }
        return packets;
    }

    private void add(PcapngWriter writer, Face face, Transaction each) throws IOException {
        long time = trace.header().wall(each.taken());
        face.first = Math.min(face.first, time);
        face.last = Math.max(face.last, time);
        if (each.kind() == Transaction.Kind.LOSS) {
            face.lost += each.lost();
            face.untold += each.lost();
        } else if (each.hasFrame()) {
            int flags = each.kind() == Transaction.Kind.RECEIVE ? PcapngWriter.INBOUND : PcapngWriter.OUTBOUND;
            writer.packet(face.number, time, each.bytes(), each.length(), flags, face.untold);
            face.untold = 0;
            face.packets++;
        }
    }
}
