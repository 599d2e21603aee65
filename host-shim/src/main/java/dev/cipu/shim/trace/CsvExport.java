package dev.cipu.shim.trace;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Writer;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.Locale;
import java.util.function.Predicate;

/** Writes a trace as a table: a line for each transaction, columns as docs/traces.md names them. */
public final class CsvExport {
    private static final String HEAD =
            "time_ns,duration_ns,device,queue,kind,id,readable,writable,written,operation,sector,"
                    + "length,status,net_header,lost,bytes";

    private final TraceReader trace;
    private final BufferedWriter out;

    private CsvExport(TraceReader trace, Writer out) {
        this.trace = trace;
        this.out = new BufferedWriter(out);
    }

    /**
     * Writes the table.
     *
     * @return how many lines it has, the head not counted
     */
    public static long write(TraceReader trace, Predicate<TracedDevice> wanted, Writer out) throws IOException {
        return new CsvExport(trace, out).write(wanted);
    }

    private long write(Predicate<TracedDevice> wanted) throws IOException {
        out.write(HEAD + "\n");
        long lines = 0;
        trace.rewind();
        Transaction each = trace.transaction();
        while (trace.next()) {
            if (wanted.test(each.device())) {
                line(each);
                lines++;
            }
        }
        out.flush();
        return lines;
    }

    private void line(Transaction each) throws IOException {
        cell(trace.header().wall(each.taken()));
        cell(each.completed() - each.taken());
        // a card's names have neither commas nor quotes
        cell(each.device().id());
        cell(each.queue());
        cell(each.kind().name().toLowerCase(Locale.ROOT));
        if (each.kind() == Transaction.Kind.LOSS) {
            out.write(",,,,,,,,,");
            cell(each.lost());
            out.write('\n');
            return;
        }
        cell(each.id());
        cell(each.readable());
        cell(each.writable());
        cell(each.written());
        boolean block = each.kind() == Transaction.Kind.BLOCK;
        boolean frame = each.kind() == Transaction.Kind.TRANSMIT || each.kind() == Transaction.Kind.RECEIVE;
        cell(block ? BlockOperation.name(each.operation()) : frame ? frame(each) : command(each));
        cell(block ? Long.toUnsignedString(each.sector()) : "");
        cell(each.length());
        cell(each.status());
        cell(frame && each.netHeader() != 0 ? "0x%016x:%d".formatted(each.netHeader(), each.checksumOffset()) : "");
        cell("");
        out.write(HexFormat.of().formatHex(each.bytes().toArray(ValueLayout.JAVA_BYTE)));
        out.write('\n');
    }

    private static String frame(Transaction each) {
        return each.isContinued() ? "continued" : each.hasFrame() ? "frame" : "dropped";
    }

    private static String command(Transaction each) {
        return each.commandClass() + "." + each.command();
    }

    private void cell(long value) throws IOException {
        cell(Long.toString(value));
    }

    private void cell(String value) throws IOException {
        out.write(value);
        out.write(',');
    }
}
