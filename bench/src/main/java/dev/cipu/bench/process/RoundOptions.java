package dev.cipu.bench.process;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How often a benchmark measures each thing that it compares. */
public final class RoundOptions {
    private static final int MOST = 1_000;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How many times each kind is measured, warm-up aside (default ${DEFAULT-VALUE}).")
    private int rounds;

    /**
     * @param rounds unless somebody says otherwise
     */
    public RoundOptions(int rounds) {
        this.rounds = rounds;
    }

    public int rounds() {
        return rounds;
    }

    /** Fails if nothing would be measured, or for days. */
    public void require() {
        if (rounds < 1 || rounds > MOST) {
            throw new ParameterException(command.commandLine(), "--rounds is from 1 to " + MOST + ", not " + rounds);
        }
    }
}
