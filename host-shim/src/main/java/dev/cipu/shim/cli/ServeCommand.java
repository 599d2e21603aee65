package dev.cipu.shim.cli;

import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.TapSpec;
import dev.cipu.shim.control.ControlServer;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code cipu serve}: a card that serves its devices until it is told to end. */
@Command(
        name = "serve",
        description = {
            "Serve virtio devices over vhost-user or vfio-user until SIGINT or SIGTERM.",
            "Prints 'ready KIND ID SOCKET' for each device as soon as hosts can connect to it."
        },
        footer = {
            "",
            "Examples:",
            "  cipu serve --net socket=/tmp/n0 --net socket=/tmp/n1",
            "  cipu serve --blk socket=/tmp/b0,store=file:/srv/disk.img,direct=on,queues=2 --cores 1",
            "  cipu serve --net socket=/tmp/n0 --uplink loopback: --idle sleep",
            "  cipu serve --tap name=cipu0,addr=10.0.0.1/24 --net socket=/tmp/n0",
            "  cipu serve --control /run/cipu/card --idle sleep",
            "  cipu serve --timing cipu-1 --blk socket=/tmp/b0,store=mem:1G",
            "  cipu serve card.yaml"
        })
public final class ServeCommand implements Subcommand, Callable<Integer> {
    /** Between two looks at the counters and at the files behind disks. */
    private static final long STATUS_MILLIS = 1_000;

    /** How long closing may take before the process ends without. */
    private static final long CLOSING_MILLIS = 15_000;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Mixin
    private final CardOptions options = new CardOptions();

    /** Guards {@link #card}: a signal that comes while the card is being made waits until it can be closed. */
    private final Object lock = new Object();

    private @Nullable CardAssembly card;
    private volatile @Nullable ControlServer control;

    /** For {@link java.util.ServiceLoader}. */
    public ServeCommand() {}

    @Override
    public Integer call() throws InterruptedException {
        CardSpec described = options.spec();
        PrintWriter out = spec.commandLine().getOut();
        Thread hook = new Thread(() -> endOnSignal(out), "cipu-end");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            CardAssembly started;
            synchronized (lock) {
                started = CardAssembly.start(described);
                card = started;
            }
            for (DeviceSpec device : described.devices()) {
                started.serve(device);
                out.println("ready " + device.kind() + " " + device.id() + " "
                        + device.endpoint().name());
                out.flush();
            }
            for (TapSpec tap : described.taps()) {
                out.println("ready " + TapSpec.KIND + " " + tap.id() + " " + tap.name());
                out.flush();
            }
            if (described.control() != null) {
                control = ControlServer.listen(described.control(), started);
                out.println("ready control " + described.control());
                out.flush();
            }
            untilTheEnd(started, out);
            return ExitCode.DONE;
        } catch (RuntimeException e) {
            close();
            ShutdownHooks.remove(hook);
            throw e;
        }
    }

    private void untilTheEnd(CardAssembly card, PrintWriter out) throws InterruptedException {
        boolean live = Terminal.isInteractive();
        StatusLine line = new StatusLine(card.counters());
        while (true) {
            ControlServer requests = control;
            if (requests == null) {
                Thread.sleep(STATUS_MILLIS);
            } else {
                requests.turn(TimeUnit.MILLISECONDS.toNanos(STATUS_MILLIS));
            }
            card.refresh();
            if (live) {
                // what is logged meanwhile begins where this does
                out.print(line.next() + "\u001b[K\r");
                out.flush();
            }
        }
    }

    /** Runs when the JVM was told to end. The exit code of a clean end is 0, not that of a process killed by a signal. */
    private void endOnSignal(PrintWriter out) {
        Thread.ofPlatform().daemon().start(ServeCommand::giveUpAfterAWhile);
        reportTiming(out);
        close();
        out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(ExitCode.DONE);
    }

    /** While the counters are still there. */
    private void reportTiming(PrintWriter out) {
        synchronized (lock) {
            if (card != null) {
                PaceReport.print(card.counters(), out);
            }
        }
    }

    private static void giveUpAfterAWhile() {
        try {
            Thread.sleep(CLOSING_MILLIS);
        } catch (InterruptedException _) {
            return;
        }
        System.err.println("cipu: the card did not close in time; sockets may be left over");
        Runtime.getRuntime().halt(ExitCode.FAILED);
    }

    private void close() {
        ControlServer requests = control;
        if (requests != null) {
            requests.withdraw();
        }
        synchronized (lock) {
            if (card != null) {
                card.close();
                card = null;
            }
        }
    }
}
