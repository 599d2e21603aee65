package dev.cipu.dataplane.blk;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.virtio.blk.BlkRequest;
import java.util.List;
import java.util.Objects;

/** What a request queue counts, and as what. Owner: the queue's worker. */
final class BlockCounters {
    static final List<String> NAMES = List.of(
            "reads",
            "read_bytes",
            "writes",
            "write_bytes",
            "flushes",
            "discards",
            "write_zeroes",
            "identifies",
            "errors",
            "unsupported",
            "malformed",
            "violations",
            "faults",
            "calls",
            "secure_erases",
            "lifetimes",
            "zone_appends",
            "zone_reports",
            "zone_commands");

    private static final int READS = 0;
    private static final int READ_BYTES = 1;
    private static final int WRITES = 2;
    private static final int WRITE_BYTES = 3;
    private static final int FLUSHES = 4;
    private static final int DISCARDS = 5;
    private static final int ZEROES = 6;
    private static final int IDENTIFIES = 7;
    private static final int ERRORS = 8;
    private static final int UNSUPPORTED = 9;
    private static final int MALFORMED = 10;
    private static final int VIOLATIONS = 11;
    private static final int FAULTS = 12;
    private static final int CALLS = 13;
    private static final int ERASES = 14;
    private static final int LIFETIMES = 15;
    private static final int ZONE_APPENDS = 16;
    private static final int ZONE_REPORTS = 17;
    private static final int ZONE_COMMANDS = 18;

    private final CounterGroup group;

    BlockCounters(CounterGroup group) {
        this.group = Objects.requireNonNull(group);
    }

    /** A request that goes to the store, or would if there were something to do. */
    void request(BlockTask task) {
        switch (task.op()) {
            case READ -> {
                group.add(READS, 1);
                group.add(READ_BYTES, task.delivered());
            }
            case WRITE -> {
                group.add(WRITES, 1);
                group.add(WRITE_BYTES, task.length());
                if (task.zoneType == BlkRequest.ZONE_APPEND) {
                    group.add(ZONE_APPENDS, 1);
                }
            }
            case FLUSH -> group.add(FLUSHES, 1);
            case DISCARD -> group.add(DISCARDS, 1);
            case WRITE_ZEROES -> group.add(ZEROES, 1);
            case SECURE_ERASE -> group.add(ERASES, 1);
        }
    }

    /** A zone command, of whose steps at the store nobody is told; no other request counts as one. */
    void command(BlockTask task) {
        switch (task.zoneType) {
            case BlkRequest.ZONE_OPEN,
                    BlkRequest.ZONE_CLOSE,
                    BlkRequest.ZONE_FINISH,
                    BlkRequest.ZONE_RESET,
                    BlkRequest.ZONE_RESET_ALL -> group.add(ZONE_COMMANDS, 1);
            case BlkRequest.ZONE_REPORT -> group.add(ZONE_REPORTS, 1);
            case BlkRequest.SECURE_ERASE -> group.add(ERASES, 1);
            default -> {}
        }
    }

    void identity() {
        group.add(IDENTIFIES, 1);
    }

    void lifetime() {
        group.add(LIFETIMES, 1);
    }

    /** A chain without room for a header or a status. */
    void malformed() {
        group.add(MALFORMED, 1);
    }

    /** What a request was answered. */
    void answer(byte status) {
        if (status != BlkRequest.OK) {
            group.add(status == BlkRequest.UNSUPP ? UNSUPPORTED : ERRORS, 1);
        }
    }

    void violation() {
        group.add(VIOLATIONS, 1);
    }

    void fault() {
        group.add(FAULTS, 1);
    }

    void call() {
        group.add(CALLS, 1);
    }
}
