package dev.cipu.shim.conform;

import dev.cipu.device.pci.HeaderLayout;
import dev.cipu.device.virtio.StructureCapabilities;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.shim.vfio.client.VfioClient;
import dev.cipu.virtio.FeatureSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs checks against a virtio function behind a vfio-user socket, each on a connection of its own. Owned by one thread. */
public final class PciConformance implements Examination {
    private final Peer peer;
    private final PciSurvey survey;
    private final List<Check<PciTrial>> checks;

    private PciConformance(Peer peer, PciSurvey survey, List<Check<PciTrial>> checks) {
        this.peer = peer;
        this.survey = survey;
        this.checks = checks;
    }

    /** All checks of all device types. */
    static List<Check<PciTrial>> checks() {
        return Check.inOrder(Stream.of(
                PciHeaderChecks.all(),
                PciStructureChecks.all(),
                PciWindowChecks.all(),
                PciFeatureChecks.all(),
                PciResetChecks.all(),
                PciQueueChecks.all(),
                PciVectorChecks.all(),
                PciPinChecks.all(),
                PciRequestChecks.all()));
    }

    /**
     * Connects and learns what the function is.
     *
     * @param kind the device type, or null to go by the device number
     * @param only ids to check; empty for all
     * @throws LinkException if there is no vfio-user server
     * @throws IllegalArgumentException if the type cannot be told or an id is not one of its type
     */
    public static PciConformance of(Peer peer, @Nullable DeviceKind kind, Set<String> only) {
        try (PciRig rig = PciRig.connect(peer)) {
            PciSurvey survey = survey(rig, kind);
            return new PciConformance(peer, survey, Check.chosen(checks(), survey.kind(), only));
        }
    }

    private static PciSurvey survey(PciRig rig, @Nullable DeviceKind named) {
        int device = (int) rig.config().get(HeaderLayout.DEVICE, 2);
        DeviceKind kind = named == null ? rig.kind() : named;
        if (kind == null) {
            throw new IllegalArgumentException("the device number 0x" + Integer.toHexString(device)
                    + " is neither a network device's nor a disk's; say --type");
        }
        VfioClient client = rig.client();
        boolean readable = rig.registers().usable(StructureCapabilities.COMMON) != null;
        return new PciSurvey(
                kind,
                client.version(),
                device,
                readable ? rig.registers().offered() : FeatureSet.NONE,
                readable ? rig.queues() : 0,
                client.interrupts(VfioLayout.IRQ_MSIX),
                client.interrupts(VfioLayout.IRQ_PIN));
    }

    @Override
    public String describe() {
        return survey.kind().word() + " over " + survey.version() + ", device 0x" + Integer.toHexString(survey.device())
                + ", features " + survey.offered() + ", " + survey.queues() + " queue(s), " + survey.vectors()
                + " vector(s)";
    }

    @Override
    public ConformReport run(Consumer<CheckResult> each) {
        long start = System.nanoTime();
        List<Step> steps = checks.stream()
                .map(check -> Step.of(
                        check.ids(),
                        check.rough(),
                        () -> new PciTrial(peer, survey),
                        trial -> check.body().run(trial)))
                .toList();
        List<CheckResult> results = new Course("the server", this::isThere, each).run(steps);
        return ConformReport.of(
                peer, survey.kind(), survey.offered(), survey.version(), results, Course.seconds(start));
    }

    private boolean isThere() {
        try (VfioClient client = VfioClient.connect(peer)) {
            return client.isPci();
        } catch (LinkException e) {
            return false;
        }
    }
}
