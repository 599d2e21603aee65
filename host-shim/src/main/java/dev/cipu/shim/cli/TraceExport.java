package dev.cipu.shim.cli;

import dev.cipu.shim.trace.CsvExport;
import dev.cipu.shim.trace.PcapngExport;
import dev.cipu.shim.trace.TraceReader;
import dev.cipu.shim.trace.TracedDevice;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cipu trace export}. */
@Command(
        name = "export",
        description = {
            "Make another format of a trace: csv has everything, a line for each transaction;"
                    + " pcapng has the frames of network devices, for Wireshark."
        })
final class TraceExport implements Callable<Integer> {
    /** What can be made of a trace. */
    enum Format {
        csv,
        pcapng
    }

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "The directory that was recorded to.")
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @Option(names = "--format", required = true, paramLabel = "FORMAT", description = "csv or pcapng.")
    private Format format = Format.csv;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Where to write it. Default: standard output.")
    private @Nullable Path output;

    @Option(names = "--device", paramLabel = "ID", description = "Of this device alone; may be given several times.")
    private List<String> devices = List.of();

    @Override
    public Integer call() throws IOException {
        try (TraceReader trace = TraceReader.open(directory)) {
            checkDevices(trace);
            long made;
            try (OutputStream out =
                    new BufferedOutputStream(output == null ? new StandardOutput() : Files.newOutputStream(output))) {
                made = write(trace, out);
            }
            if (output != null) {
                spec.commandLine()
                        .getOut()
                        .println(output + ": " + made + (format == Format.csv ? " lines" : " packets"));
                spec.commandLine().getOut().flush();
            }
            if (format == Format.pcapng) {
                sayWhatIsLeftOut(trace);
            }
        }
        return ExitCode.DONE;
    }

    private long write(TraceReader trace, OutputStream out) throws IOException {
        return switch (format) {
            case pcapng -> PcapngExport.write(trace, this::isWanted, out);
            case csv -> {
                Writer text = new OutputStreamWriter(out, StandardCharsets.UTF_8);
                long lines = CsvExport.write(trace, this::isWanted, text);
                text.flush();
                yield lines;
            }
        };
    }

    private boolean isWanted(TracedDevice device) {
        return devices.isEmpty() || devices.contains(device.id());
    }

    private void checkDevices(TraceReader trace) {
        List<String> there = trace.devices().stream().map(TracedDevice::id).toList();
        for (String device : devices) {
            if (!there.contains(device)) {
                throw new CommandFailure(
                        ExitCode.USAGE,
                        "--device: the trace has no device '" + device + "'; it has "
                                + (there.isEmpty() ? "none" : String.join(", ", there)));
            }
        }
    }

    private void sayWhatIsLeftOut(TraceReader trace) {
        long left = trace.totals().stream()
                .filter(each -> !each.device().isNetwork() && isWanted(each.device()))
                .mapToLong(each -> each.transactions())
                .sum();
        if (left > 0) {
            spec.commandLine()
                    .getErr()
                    .println("cipu: " + left
                            + " requests of disks are left out, pcapng has no place for them; see --format csv");
            spec.commandLine().getErr().flush();
        }
    }

    /** The process's, which nobody but its owner closes. */
    private static final class StandardOutput extends OutputStream {
        @Override
        public void write(int b) {
            System.out.write(b);
        }

        @Override
        public void write(byte[] bytes, int from, int count) {
            System.out.write(bytes, from, count);
        }

        @Override
        public void flush() {
            System.out.flush();
        }
    }
}
