package dev.cipu.bench.overhead;

import dev.cipu.bench.process.Child;
import dev.cipu.bench.process.RunLength;
import dev.cipu.shim.load.OrderPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;

/** A way whose devices our own driver drives through sockets: all but QEMU's own. */
final class DrivenStand implements Stand {
    private static final TypeReference<Map<String, Integer>> COUNTS = new TypeReference<>() {};

    /** Beyond the length of a job: a server may be slow with what is in flight. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Way way;
    private final Guest guest;
    private final List<Side> sides;
    private final @Nullable Path probe;

    /** The process that drives, shared by all these ways. One thread uses it. */
    static final class Guest {
        private final Child child;

        /** @param child runs {@link GuestServer} */
        Guest(Child child) {
            this.child = child;
        }

        Job.Answer run(Job job, RunLength length) throws IOException, InterruptedException {
            child.say(GuestServer.JSON.writeValueAsString(job));
            return GuestServer.JSON.readValue(child.nextLine(length.with(PATIENCE)), Job.Answer.class);
        }
    }

    /**
     * A process that serves devices.
     *
     * @param server null for the mirror, which is a thread of the guest's process
     * @param net socket of its network device, null if it has none
     * @param blk socket of its disk, null if it has none
     */
    record Side(
            @Nullable Child server,
            @Nullable Path net,
            @Nullable Path blk) {
        /** The mirror has both, at sockets that it knows itself. */
        static final Side MIRROR = new Side(null, Path.of("/"), Path.of("/"));
    }

    /**
     * @param sides of which one must have all that a work needs
     * @param probe where the servers tell what they allocate, null if they do not
     */
    DrivenStand(Way way, Guest guest, List<Side> sides, @Nullable Path probe) {
        this.way = way;
        this.guest = guest;
        this.sides = List.copyOf(sides);
        this.probe = probe;
    }

    @Override
    public Way way() {
        return way;
    }

    @Override
    public @Nullable String refusal(Work work) {
        return side(work) == null ? "no one process of these has both devices, or it is not installed" : null;
    }

    private @Nullable Side side(Work work) {
        return sides.stream()
                .filter(side -> (work.packets() == null || side.net() != null)
                        && (work.requests() == null || side.blk() != null))
                .findFirst()
                .orElse(null);
    }

    @Override
    public boolean takesOrders() {
        return sides.stream().anyMatch(side -> side.net() != null && side.blk() != null);
    }

    @Override
    public Measured measure(Work work, RunLength length, @Nullable OrderPlan orders, boolean profile)
            throws IOException, InterruptedException {
        Side side = side(work);
        if (side == null) {
            throw new IllegalArgumentException(way + " cannot do " + work.name());
        }
        Child server = side.server();
        boolean looks = profile && probe != null && server != null;
        List<Long> processes = new ArrayList<>();
        if (server != null) {
            processes.add(server.pid());
            server.goOn();
            if (looks) {
                server.say(CardServer.PROFILE);
            }
        }
        Job job = new Job(
                server == null ? null : text(side.net()),
                server == null ? null : text(side.blk()),
                work,
                orders,
                way.interrupt(),
                length.warmupSeconds(),
                length.seconds(),
                processes,
                text(probe),
                profile);
        Job.Answer answer = guest.run(job, length);
        Map<String, Integer> deviceHotSpots = Map.of();
        if (server != null) {
            if (looks) {
                server.say(CardServer.REPORT);
                deviceHotSpots = GuestServer.JSON.readValue(server.nextLine(PATIENCE), COUNTS);
            }
            server.hold();
        }
        if (answer.failure() != null) {
            throw new IOException(way.id() + ", " + work.name() + ": " + answer.failure());
        }
        return Measured.of(answer, deviceHotSpots);
    }

    private static @Nullable String text(@Nullable Path path) {
        return path == null ? null : path.toString();
    }
}
