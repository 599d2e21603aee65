package dev.cipu.shim.torture;

import dev.cipu.shim.torture.Judge.Holdings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The back-end's process as the kernel shows it, if its id is known. */
final class ProcessWatch {
    private static final String[] SHARED = {"memfd:", "/dev/shm/", "(deleted)"};

    private final long pid;

    /** @param pid 0 if nobody knows */
    ProcessWatch(long pid) {
        this.pid = pid;
    }

    boolean isKnown() {
        return pid != 0;
    }

    /** True too when nobody knows: then the socket has to tell. */
    boolean isAlive() {
        if (pid == 0) {
            return true;
        }
        boolean exists = ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
        return exists && !state().startsWith("Z");
    }

    private String state() {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return stat.substring(stat.lastIndexOf(')') + 1).strip();
        } catch (IOException gone) {
            return "Z";
        }
    }

    /** Empty if nobody knows the process or may look at it. */
    List<Holdings> holdings() {
        if (pid == 0) {
            return List.of();
        }
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return List.of(new Holdings(descriptors.count(), mapped()));
        } catch (IOException notOurs) {
            return List.of();
        }
    }

    private long mapped() throws IOException {
        long sum = 0;
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/maps"))) {
            if (Stream.of(SHARED).anyMatch(line::contains)) {
                String[] range = line.substring(0, line.indexOf(' ')).split("-", 2);
                sum += Long.parseUnsignedLong(range[1], 16) - Long.parseUnsignedLong(range[0], 16);
            }
        }
        return sum;
    }
}
