package dev.cipu.bench.overhead;

import dev.cipu.shim.load.BlkLoadSpec;
import dev.cipu.shim.load.BlkWorkload;
import dev.cipu.shim.load.GuestLoadSpec;
import dev.cipu.shim.load.NetLoadSpec;
import dev.cipu.shim.load.OrderPlan;
import dev.cipu.shim.load.RunSpec;
import dev.cipu.shim.load.Target;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a guest does, whichever way its devices are made.
 *
 * @param name in reports and in the ids of figures
 * @param packets null for none
 * @param requests null for none
 */
record Work(
        String name, @Nullable Packets packets, @Nullable Requests requests) {
    /** Of all ways' network devices. */
    static final int MTU = 1500;

    /** Ethernet header and a VLAN tag. */
    private static final int L2_OVERHEAD = 18;

    private static final String NAME = "[a-zA-Z0-9][a-zA-Z0-9_.-]{0,39}";

    /**
     * Frames that are sent and come back.
     *
     * @param bytes of a frame, without its checksum
     * @param window frames that may be on their way, 256 if it is 0; 1 waits for each before the next
     */
    record Packets(int bytes, int window) {
        private static final int WINDOW = 256;

        int atOnce() {
            return window == 0 ? WINDOW : window;
        }
    }

    /**
     * Block requests.
     *
     * @param kind randread, randwrite, randrw, read or write; randread if it is null
     * @param bytes of a request
     * @param depth requests under way
     */
    record Requests(@Nullable String kind, int bytes, int depth) {
        BlkWorkload workload() {
            String name = kind == null ? "randread" : kind;
            try {
                return BlkWorkload.valueOf(name.toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "kind " + name + " is none of randread, randwrite, randrw, read, write", e);
            }
        }
    }

    /**
     * Checked here, so that a file with a mistake is refused before anything starts.
     *
     * @throws IllegalArgumentException if a guest cannot do this
     */
    Work {
        if (!Objects.requireNonNullElse(name, "").matches(NAME)) {
            throw new IllegalArgumentException("a work has a name of up to 40 letters, digits and . _ -, not " + name);
        }
        if (packets != null && packets.bytes() > MTU + L2_OVERHEAD) {
            throw new IllegalArgumentException("work " + name + ": frames of " + packets.bytes()
                    + " bytes; the devices take " + (MTU + L2_OVERHEAD));
        }
        Target nowhere = Target.of(Path.of("/"));
        try {
            load(packets, requests, nowhere, nowhere, null, RunSpec.ofSeconds(1));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("work " + name + ": " + e.getMessage(), e);
        }
    }

    /**
     * The load that does this work.
     *
     * @param net where the network device is
     * @param blk where the disk is
     * @param orders null to do all as soon as possible
     */
    GuestLoadSpec load(Path net, Path blk, @Nullable OrderPlan orders, RunSpec run) {
        return load(packets, requests, Target.of(net), Target.of(blk), orders, run);
    }

    private static GuestLoadSpec load(
            @Nullable Packets packets,
            @Nullable Requests requests,
            Target net,
            Target blk,
            @Nullable OrderPlan orders,
            RunSpec run) {
        return new GuestLoadSpec(
                packets == null
                        ? null
                        : NetLoadSpec.of(net, packets.bytes(), run).withWindow(packets.atOnce()),
                requests == null
                        ? null
                        : BlkLoadSpec.of(blk, requests.workload(), requests.bytes(), requests.depth(), run),
                orders,
                run);
    }

    /** What one operation is, in the plural. */
    String operations() {
        if (packets == null) {
            return "I/Os";
        }
        return requests == null ? "packets" : "packets and I/Os";
    }
}
