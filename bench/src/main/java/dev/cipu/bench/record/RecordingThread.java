package dev.cipu.bench.record;

import dev.cipu.shim.trace.TraceRecorder;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Objects;

/** Looks after the thread of this process that records. */
final class RecordingThread {
    private RecordingThread() {}

    /** Its processor time so far, in the kernel, too; 0 if there is none. */
    static long cpuNanos(ThreadMXBean threads) {
        return Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                .filter(Objects::nonNull)
                .filter(info -> info.getThreadName().equals(TraceRecorder.THREAD))
                .mapToLong(ThreadInfo::getThreadId)
                .map(threads::getThreadCpuTime)
                .sum();
    }
}
