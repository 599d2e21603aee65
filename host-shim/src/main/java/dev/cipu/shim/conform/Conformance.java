package dev.cipu.shim.conform;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Link;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkZone;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.NetFeature;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs checks against a back-end, one after the other, each on a connection of its own. Owned by one thread. */
public final class Conformance implements Examination {
    private final Peer peer;
    private final Survey survey;
    private final List<Check<Trial>> checks;

    private Conformance(Peer peer, Survey survey, List<Check<Trial>> checks) {
        this.peer = peer;
        this.survey = survey;
        this.checks = checks;
    }

    /** All checks of all device types. */
    static List<Check<Trial>> checks() {
        return Check.inOrder(Stream.of(
                FeatureChecks.all(),
                WireChecks.all(),
                ChainChecks.split(),
                ChainChecks.splitOnly(),
                NotifyChecks.all(),
                ChainChecks.packed(),
                PackedChecks.all(),
                PackedOrderChecks.all(),
                NetChecks.all(),
                OffloadChecks.all(),
                ControlChecks.all(),
                SteeringChecks.all(),
                BlkChecks.all(),
                RequestChecks.all(),
                ZoneChecks.all(),
                ZoneWriteChecks.all()));
    }

    /** The ids that checks of this device type answer for. */
    public static Set<String> ids(DeviceKind kind) {
        return Check.ids(checks(), kind);
    }

    /**
     * Connects and learns what the back-end is.
     *
     * @param kind the device type, or null to go by what the back-end offers
     * @param only ids to check; empty for all
     * @throws LinkException if there is no back-end
     * @throws IllegalArgumentException if the type cannot be told or an id is not one of its type
     */
    public static Conformance of(Peer peer, @Nullable DeviceKind kind, Set<String> only) {
        boolean commands = areCommandsAnswered(peer);
        try (Rig rig = Rig.connect(peer)) {
            DeviceKind type = kind != null ? kind : DeviceKind.of(rig);
            if (type == null) {
                throw new IllegalArgumentException("the back-end does not show whether it is net or blk; say --type");
            }
            List<Check<Trial>> checks = Check.chosen(checks(), type, only);
            return new Conformance(peer, survey(rig, type, commands), checks);
        }
    }

    private static Survey survey(Rig rig, DeviceKind kind, boolean commands) {
        FeatureSet offered = rig.offered();
        if (kind == DeviceKind.NET) {
            return Survey.net(offered, rig.offeredProtocol(), rig.maxQueues(), reflects(rig), commands);
        }
        MemorySegment config = MemorySegment.ofArray(rig.config(0, BlkChecks.configBytes(offered)));
        int block = offered.has(BlkFeature.BLK_SIZE)
                ? config.get(Le.INT_UNALIGNED, BlkConfig.BLK_SIZE)
                : BlkRequest.SECTOR_BYTES;
        long sectors = config.get(Le.LONG_UNALIGNED, BlkConfig.CAPACITY);
        boolean zoned = offered.has(BlkFeature.ZONED);
        int model = zoned ? config.get(ValueLayout.JAVA_BYTE, BlkConfig.ZONED_MODEL) : BlkZone.NONE;
        return Survey.blk(offered, rig.offeredProtocol(), rig.maxQueues(), sectors, block, model);
    }

    /** On a connection of its own: a back-end that takes no command may be in any state afterwards. */
    private static boolean areCommandsAnswered(Peer peer) {
        try (Rig rig = Rig.connect(peer)) {
            return DeviceKind.of(rig) == DeviceKind.NET
                    && rig.offered().has(NetFeature.CTRL_RX)
                    && Commands.areAnswered(rig);
        }
    }

    /** Whether a frame comes back; the first ones may be lost while a switch or a link comes up. */
    private static boolean reflects(Rig rig) {
        try {
            rig.accept(FeatureSet.of(RingFeature.VERSION_1)).share();
            Reflection reflection = Reflection.on(rig, 16, Reflection.BIG_BUFFER);
            for (int i = 0; i < 10; i++) {
                if (reflection.send(Reflection.plainHeader(), Frames.plain(64, i))
                        && reflection.receive(rig.peer().quiet()) != null) {
                    return true;
                }
            }
            return false;
        } catch (LinkException | IllegalStateException e) {
            return false;
        }
    }

    @Override
    public String describe() {
        return survey.kind().word() + ", features " + survey.offered() + ", protocol features 0x"
                + Long.toHexString(survey.protocol()) + ", " + survey.queues()
                + (survey.kind() == DeviceKind.NET
                        ? " pair(s), frames " + (survey.reflects() ? "" : "do not ") + "come back"
                        : " queue(s), " + survey.sectors() + " sectors");
    }

    @Override
    public ConformReport run(Consumer<CheckResult> each) {
        long start = System.nanoTime();
        List<Step> steps = checks.stream()
                .map(check -> Step.of(
                        check.ids(),
                        check.rough(),
                        () -> new Trial(peer, survey),
                        trial -> check.body().run(trial)))
                .toList();
        List<CheckResult> results = new Course("the back-end", this::isThere, each).run(steps);
        return ConformReport.of(
                peer,
                survey.kind(),
                survey.offered(),
                "0x" + Long.toHexString(survey.protocol()),
                results,
                Course.seconds(start));
    }

    private boolean isThere() {
        try (Link link = Link.open(peer)) {
            link.askNumber(Request.GET_FEATURES);
            return true;
        } catch (LinkException e) {
            return false;
        }
    }
}
