package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * This host with a {@code /run} and a {@code /srv} of its own, with mounts, named network namespaces and processes of its own: what a
 * manual says can be done here word for word, and nothing of it outlives the test, not even one that is killed. A shell waits in
 * these namespaces for the end of its input; all else in there ends with it. Needs root.
 */
final class PrivateHost implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** Where it is for a user, who has no other word for it. */
    private static final String CACHE = "home/.cache/cipu";

    private final Path folder;
    private final Child first;
    private String before = "";

    private PrivateHost(Path folder, Child first) {
        this.folder = folder;
        this.first = first;
    }

    /** Skips the test where a container cannot have an interface, a file system and a volume. */
    static void require() throws IOException {
        assumeTrue(
                "root".equals(Files.getOwner(Path.of("/proc/self")).getName()), "no root: nothing can be mounted here");
        for (String device : List.of("/dev/net/tun", "/dev/fuse", "/dev/loop-control")) {
            assumeTrue(Files.exists(Path.of(device)), "no " + device);
        }
        String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin";
        for (String tool : List.of("ip", "unshare", "nsenter", "mkfs.ext4", "busybox")) {
            assumeTrue(
                    Stream.of(path.split(":")).anyMatch(each -> Files.isExecutable(Path.of(each, tool))),
                    tool + " is missing");
        }
    }

    /** Makes one whose files are below the folder; {@code cipu} is the command line on the class path of this test. */
    static PrivateHost open(Path folder) throws IOException {
        for (String each : List.of("run", "srv", "bin", "home/.cache")) {
            Files.createDirectories(folder.resolve(each));
        }
        Files.createSymbolicLink(folder.resolve(CACHE), Peers.cache());
        Path cipu = folder.resolve("bin/cipu");
        Files.writeString(
                cipu,
                CardProcess.command().stream()
                                .map(PrivateHost::quoted)
                                .collect(Collectors.joining(" ", "#!/bin/sh\nexec ", ""))
                        + " \"$@\"\n");
        Files.setPosixFilePermissions(cipu, PosixFilePermissions.fromString("rwxr-xr-x"));
        Child first = Child.start(
                "the private host",
                List.of(
                        "unshare",
                        "--mount",
                        "--propagation=private",
                        "--pid",
                        "--fork",
                        "--kill-child",
                        "--mount-proc",
                        "sh",
                        "-c",
                        "mount --bind " + quoted(folder + "/run") + " /run && mount --bind " + quoted(folder + "/srv")
                                + " /srv && echo ready && read -r _"));
        try {
            first.await("ready", LIMIT);
        } catch (AssertionError e) {
            first.close();
            assumeTrue(first.lines().stream().noneMatch(line -> line.contains("not permitted")), first.lines() + "");
            throw e;
        }
        return new PrivateHost(folder, first);
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

    /** Commands that every shell here begins with, such as aliases. */
    void beginWith(String commands) {
        before = commands;
    }

    /** Gives commands to a shell in the folder of the checkout; what they start may go on and take input. */
    Child start(String name, String commands) {
        List<String> command = new ArrayList<>(List.of(
                "nsenter",
                "--mount=/proc/" + first.pid() + "/ns/mnt",
                "--pid=/proc/" + first.pid() + "/ns/pid_for_children",
                "env",
                "HOME=" + folder.resolve("home"),
                "PATH=" + folder.resolve("bin") + ":" + System.getenv("PATH") + ":/usr/sbin:/sbin",
                "sh",
                "-ec"));
        command.add("cd " + quoted(Page.checkout().toString()) + "\n" + before + commands);
        return Child.start(name, command);
    }

    /** Gives commands that end, and end well. Returns what they said. */
    List<String> run(String commands) {
        try (Child child = start("the shell", commands)) {
            assertThat(child.exit(LIMIT))
                    .as("status of\n%s\nwhich said: %s", commands, String.join("\n", child.lines()))
                    .isZero();
            return child.lines();
        }
    }

    /** Ends the one program that a shell runs (SIGTERM); it must leave without an error. */
    static void end(Child shell) {
        ProcessHandle program = ProcessHandle.of(shell.pid())
                .flatMap(handle -> handle.descendants()
                        .filter(each -> each.children().findAny().isEmpty())
                        .findFirst())
                .orElseThrow(() -> new AssertionError("nothing runs: " + shell.lines()));
        program.destroy();
        assertThat(shell.exit(LIMIT)).as("%s", shell.lines()).isZero();
    }

    @Override
    public void close() throws IOException {
        try {
            if (first.isAlive()) {
                first.say("end");
                first.exit(LIMIT);
            }
        } finally {
            first.close();
            Files.deleteIfExists(folder.resolve(CACHE));
        }
    }
}
