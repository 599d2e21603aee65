package dev.cipu.bench.suite;

import dev.cipu.bench.process.Program;
import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The commands by which {@code ./cipu} starts the command line, see the end of that script.
 *
 * @param jar the application's
 * @param caches the folder of the JVM's ahead-of-time caches
 */
record Launch(Path jar, Path caches) {
    /** The cache of commands that only answer, and that of the dataplane. */
    static final String SHORT = "short.aot";

    static final String FULL = "full.aot";

    private static final String CACHE = "-XX:AOTCache=";

    /** What the script takes instead of this JVM's rules for the compilers where a command has ended before it is warm. */
    private static final List<String> QUICK = List.of(
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-Djdk.reflect.useNativeAccessorOnly=true",
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:ArchiveRelocationMode=0");

    /** What the script leaves out there: rules for the compiler that makes loops into vectors, and knows vectors of ours. */
    private static final List<String> RULES = List.of(
            "-XX:CompileCommandFile=",
            "-XX:SuperWord",
            "-XX:+UnlockExperimentalVMOptions",
            "-XX:+EnableVector",
            "-Dcipu.vectors=");

    /**
     * How this process was started.
     *
     * @param classPath its class path
     * @throws CommandFailure if {@code ./cipu} did not start it, or could not make its caches
     */
    static Launch ofThisProcess(String classPath) {
        Path jar = Path.of(classPath);
        Path caches = jar.resolveSibling("aot");
        for (String cache : List.of(SHORT, FULL)) {
            if (!Files.isReadable(caches.resolve(cache))) {
                throw new CommandFailure(
                        ExitCode.MISSING, "the caches that ./cipu makes are not here; start this with ./cipu");
            }
        }
        return new Launch(jar, caches);
    }

    /**
     * The command for these arguments.
     *
     * @param cache the one that the script takes for them
     * @param cached false leaves it away. True insists on it: a JVM that cannot use it ends instead of starting slowly
     */
    List<String> command(String cache, boolean cached, List<String> arguments) {
        boolean isQuick = cache.equals(SHORT);
        List<String> command = new ArrayList<>();
        command.add(Program.java());
        Program.flags().stream()
                .filter(flag -> !flag.startsWith(CACHE))
                .filter(flag -> !isQuick || (RULES.stream().noneMatch(flag::startsWith) && !QUICK.contains(flag)))
                .forEach(command::add);
        if (isQuick) {
            command.addAll(QUICK);
        }
        if (cached) {
            command.add(CACHE + caches.resolve(cache));
            command.add("-XX:AOTMode=on");
            command.add("-Xlog:aot*=off,cds*=off");
        }
        command.add("-jar");
        command.add(jar.toString());
        command.addAll(arguments);
        return command;
    }
}
