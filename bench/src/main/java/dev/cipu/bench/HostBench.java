package dev.cipu.bench;

import dev.cipu.bench.machine.CoreOptions;
import dev.cipu.bench.machine.HostAdvice;
import dev.cipu.bench.machine.HostFacts;
import dev.cipu.bench.machine.Placement;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.report.ResultOptions;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cipu bench host}. */
@Command(
        name = "host",
        description = {
            "What this machine can show: cores and how far they are apart, clock, huge pages, KVM, other load.",
            "Says in plain words when a benchmark's result will not be worth having. Takes two seconds."
        })
final class HostBench implements Callable<Integer> {
    private static final int LOOKS = 10;

    @Mixin
    private final CoreOptions cores = new CoreOptions();

    @Mixin
    private final ResultOptions output = new ResultOptions();

    /**
     * As other benchmarks' reports, without cases.
     *
     * @param machine what was found
     * @param cases none
     * @param warnings what makes results less worth having
     */
    public record Found(HostFacts machine, List<CaseResult> cases, List<String> warnings) {}

    @Override
    public Integer call() throws InterruptedException {
        HostFacts facts;
        try {
            facts = cores.look(LOOKS);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILED, "the kernel does not tell: " + e.getMessage(), e);
        }
        Found found = new Found(facts, List.of(), HostAdvice.of(facts));
        output.write(found, out -> print(found, out));
        return ExitCode.DONE;
    }

    private static void print(Found found, PrintWriter out) {
        HostFacts facts = found.machine();
        out.printf("processor     %s, cores %s%s%n", facts.cpu(), facts.cores(), facts.virtual() ? ", virtual" : "");
        out.printf("system        %s, Java %s%n", facts.kernel(), facts.jdk());
        if (!facts.roundTrips().isEmpty()) {
            out.printf(
                    "cores %d and %d round trips of a cache line %s ns: near in %d of %d looks%n",
                    facts.hostCore(),
                    facts.cardCore(),
                    facts.roundTrips().stream().map(Math::round).toList(),
                    facts.count(Placement.NEAR),
                    facts.roundTrips().size());
        }
        out.printf("clock         %s, %.1f ns a reading%n", facts.clockSource(), facts.clockNanos());
        out.printf(
                "huge pages    %d free of %d KiB, %s%n",
                facts.hugePages(),
                facts.hugePageKb(),
                facts.canReserveHugePages() ? "more can be reserved" : "no more");
        out.printf("KVM           %s%n", facts.kvm() ? "yes" : "no");
        out.printf(
                "other load    %.1f %% busy, %.1f %% stolen, load average %.2f%n",
                facts.busy(), facts.steal(), facts.load());
        found.warnings().forEach(warning -> out.println("warning: " + warning));
        if (found.warnings().isEmpty()) {
            out.println("Good: nothing here spoils a benchmark.");
        }
    }
}
