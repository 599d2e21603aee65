package dev.cipu.bench.process;

import dev.cipu.shim.cli.CommandFailure;
import dev.cipu.shim.cli.ExitCode;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The programs that a comparison starts. */
public final class Program {
    private static final Pattern VERSION = Pattern.compile("\\d+\\.\\d+(\\.\\d+)?");
    private static final List<String> NOT_FOR_CHILDREN =
            List.of("-javaagent", "-agentlib", "-agentpath", "-XX:AOTCacheOutput", "-Xlog");

    /** What a JVM of ours needs that has no manifest to export it: docs/adr/0027. */
    public static final String VECTORS = "--add-exports=java.base/jdk.internal.vm.vector=ALL-UNNAMED";

    private Program() {}

    /** Where peers are looked for: the environment's PATH. */
    public static String searchPath() {
        String path = System.getenv("PATH");
        return path == null ? "" : path;
    }

    /**
     * Where a program is on the search path.
     *
     * @param searchPath as in the environment's PATH
     * @param debianPackage the package that brings it
     * @throws CommandFailure if it is nowhere
     */
    public static String find(String name, String searchPath, String debianPackage) {
        for (String folder : searchPath.split(File.pathSeparator, -1)) {
            Path candidate = Path.of(folder, name);
            if (!folder.isEmpty() && Files.isExecutable(candidate)) {
                return candidate.toString();
            }
        }
        throw new CommandFailure(
                ExitCode.MISSING, "the peer " + name + " is missing; on Debian: apt-get install " + debianPackage);
    }

    /** The first thing in the program's output that looks like a version; empty if nothing does. */
    public static String version(String program, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(arguments);
        command.addFirst(program);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        Matcher version = VERSION.matcher(said);
        return version.find() ? version.group() : "";
    }

    /** The JVM that runs this. */
    public static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** The flags of this JVM, without those that two cannot have at once. */
    public static List<String> flags() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> NOT_FOR_CHILDREN.stream().noneMatch(flag::startsWith))
                .toList();
    }

    /** The command that runs a class of ours as this JVM runs: same flags, same class path. */
    public static List<String> java(String mainClass, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(java());
        command.addAll(flags());
        command.add(VECTORS);
        command.add("-cp");
        command.add(Objects.requireNonNull(System.getProperty("java.class.path")));
        command.add(mainClass);
        command.addAll(arguments);
        return command;
    }
}
