package dev.cipu.shim.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The {@code cipu} command. Its subcommands are found with {@link ServiceLoader}, see {@link Subcommand}. Start-up counts:
 * nothing here may touch the dataplane or native code.
 */
@Command(
        name = "cipu",
        versionProvider = RootCommand.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "A card that serves virtio devices to real hosts: a Java model of a cloud offload card.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:a check or a comparison failed",
            "2:wrong usage",
            "3:a peer or a resource is missing"
        },
        footer = {"", "See 'cipu COMMAND --help' for one command, 'cipu demo' to see all of it at work."})
@SuppressWarnings("UnusedVariable") // picocli acts on the options that have no reader here
final class RootCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help and exit.")
    private boolean help;

    @Option(
            names = {"-V", Main.VERSION_OPTION},
            versionHelp = true,
            description = "Show the version and exit.")
    private boolean version;

    @Option(names = Main.DEBUG_OPTION, scope = ScopeType.INHERIT, description = "Show stack traces and log more.")
    private boolean debug;

    RootCommand() {}

    /** Runs the command line within this process; returns the exit code. */
    static int run(PrintWriter out, PrintWriter err, String... args) {
        return commandLine(args.length == 0 ? "" : args[0])
                .setOut(out)
                .setErr(err)
                .execute(args);
    }

    /**
     * The command with every subcommand on the class path; with one alone if it is the one that is called: to look into the options
     * of all the others takes longer than most commands.
     */
    private static CommandLine commandLine(String called) {
        CommandLine root = new CommandLine(new RootCommand());
        List<ServiceLoader.Provider<Subcommand>> all =
                ServiceLoader.load(Subcommand.class, RootCommand.class.getClassLoader()).stream()
                        .toList();
        List<ServiceLoader.Provider<Subcommand>> one =
                all.stream().filter(each -> called.equals(name(each))).toList();
        for (ServiceLoader.Provider<Subcommand> each : one.isEmpty() ? all : one) {
            root.addSubcommand(each.get());
        }
        return root.setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(RootCommand::misused)
                .setExecutionExceptionHandler(RootCommand::failed);
    }

    private static String name(ServiceLoader.Provider<Subcommand> provider) {
        Command described = provider.type().getAnnotation(Command.class);
        return described == null ? "" : described.name();
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    private static int misused(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        report(command, Failures.oneLine(e.getMessage()) + "; see '" + name + " --help'", e, isDebug(args));
        return ExitCode.USAGE;
    }

    private static int failed(Exception e, CommandLine command, CommandLine.@Nullable ParseResult parsed) {
        Failures.Verdict verdict = Failures.judge(e);
        boolean debug = parsed != null && isDebug(parsed.originalArgs().toArray(String[]::new));
        report(command, verdict.line(), e, debug);
        return verdict.exitCode();
    }

    private static boolean isDebug(String[] args) {
        return Arrays.asList(args).contains(Main.DEBUG_OPTION);
    }

    private static void report(CommandLine command, String line, Exception e, boolean debug) {
        PrintWriter err = command.getErr();
        err.println("cipu: " + line);
        if (debug) {
            e.printStackTrace(err);
        }
        err.flush();
    }

    /** For picocli. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {BuildInfo.read().text()};
        }
    }
}
