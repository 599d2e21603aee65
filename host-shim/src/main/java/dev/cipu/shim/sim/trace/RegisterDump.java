package dev.cipu.shim.sim.trace;

import dev.cipu.sim.model.Part;
import dev.cipu.sim.model.Tracer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The registers of a run as a value change dump, [IEEE 1364-2005 §18], which waveform viewers read: for each queue how many doorbells,
 * interrupts, chains read and used elements there were, and an event for each doorbell and each interrupt. A unit of time is a
 * picosecond. Owned by the thread of the simulation; the file is written as it goes on, up to a bound.
 */
public final class RegisterDump implements Tracer, AutoCloseable {
    /** Changes that are written at most; beyond, the file says that it was cut. */
    private static final int MOST = 2_000_000;

    private static final List<Register> COUNTED = List.of(Register.values());
    private static final List<Register> EVENTS = List.of(Register.DOORBELL, Register.INTERRUPT);
    private static final int EACH = COUNTED.size() + EVENTS.size();
    private static final int FIRST = '!';
    private static final int SYMBOLS = '~' - FIRST + 1;

    private final Writer out;
    private final long from;

    /** By variable: the value at this time, and whether the file has it yet. */
    private final long[] values;

    private final boolean[] changed;

    private long time = -1;
    private long stamp = -1;
    private int written;

    /**
     * Begins the file.
     *
     * @param from picoseconds before which nothing is written
     */
    public RegisterDump(Path file, int queues, long from) {
        this.from = from;
        values = new long[queues * EACH];
        changed = new boolean[queues * EACH];
        try {
            out = Files.newBufferedWriter(file);
            head(queues);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void head(int queues) throws IOException {
        out.write("$version cipu sim $end\n$timescale 1 ps $end\n$scope module card $end\n");
        for (int queue = 0; queue < queues; queue++) {
            out.write("$scope module queue" + queue + " $end\n");
            for (Register each : COUNTED) {
                out.write("$var integer 32 " + symbol(variable(queue, each)) + " " + name(each) + " $end\n");
            }
            for (Register each : EVENTS) {
                out.write("$var event 1 " + symbol(event(queue, each)) + " " + name(each) + "_now $end\n");
            }
            out.write("$upscope $end\n");
        }
        out.write("$upscope $end\n$enddefinitions $end\n");
    }

    private static String name(Register register) {
        return register.name().toLowerCase(Locale.ROOT);
    }

    private static int variable(int queue, Register register) {
        return queue * EACH + COUNTED.indexOf(register);
    }

    private static int event(int queue, Register register) {
        return queue * EACH + COUNTED.size() + EVENTS.indexOf(register);
    }

    /** A variable's short name: a number in printable characters. */
    private static String symbol(int variable) {
        StringBuilder symbol = new StringBuilder();
        int left = variable;
        do {
            symbol.append((char) (FIRST + left % SYMBOLS));
            left = left / SYMBOLS - 1;
        } while (left >= 0);
        return symbol.toString();
    }

    @Override
    public void span(int journey, Part part, long begin, long end) {}

    @Override
    public void register(Register register, int queue, long now, long value) {
        if (now > time && time >= from) {
            flush();
        }
        if (time < from && now >= from) {
            start(now);
        }
        time = now;
        set(variable(queue, register), value);
        if (EVENTS.contains(register)) {
            set(event(queue, register), 1);
        }
    }

    private void set(int variable, long value) {
        values[variable] = value;
        changed[variable] = true;
    }

    /** The values of all before the first change. */
    private void start(long now) {
        stamp = Math.min(from, now);
        StringBuilder text = new StringBuilder("#").append(stamp).append("\n$dumpvars\n");
        for (int i = 0; i < values.length; i++) {
            if (!isEvent(i)) {
                text.append(change(i));
            }
        }
        append(text.append("$end\n").toString());
        Arrays.fill(changed, false);
    }

    private void flush() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < changed.length; i++) {
            if (changed[i]) {
                changed[i] = false;
                text.append(change(i));
                written++;
            }
        }
        if (!text.isEmpty() && written <= MOST) {
            append((time > stamp ? "#" + time + "\n" : "") + text);
            stamp = time;
        }
    }

    private static boolean isEvent(int variable) {
        return variable % EACH >= COUNTED.size();
    }

    private String change(int variable) {
        return isEvent(variable)
                ? "1" + symbol(variable) + "\n"
                : "b" + Long.toBinaryString(values[variable] & 0xffffffffL) + " " + symbol(variable) + "\n";
    }

    private void append(String text) {
        try {
            out.write(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends the file. */
    @Override
    public void close() {
        if (time >= from) {
            flush();
        } else {
            start(from);
        }
        if (written > MOST) {
            append("$comment cut after " + MOST + " changes $end\n");
        }
        try {
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
