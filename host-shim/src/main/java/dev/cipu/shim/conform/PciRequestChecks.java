package dev.cipu.shim.conform;

import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.vfio.client.PciExchange;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkFeature;
import java.util.List;

/** Requests through rings in memory that the function reaches by DMA. {@code [vfio-user "VFIO_USER_DMA_MAP"]} */
final class PciRequestChecks {
    /** More than the ring has descriptors. */
    private static final int REQUESTS = 100;

    private PciRequestChecks() {}

    static List<Check<PciTrial>> all() {
        return List.of(
                Check.any(trial -> requests(trial, "VF-001", FeatureSet.NONE), "VF-001"),
                Check.any(PciRequestChecks::packed, "VF-002"),
                Check.any(PciRequestChecks::unmapped, "VF-004"));
    }

    private static void packed(PciTrial trial) {
        trial.need(trial.offers(RingFeature.RING_PACKED), "RING_PACKED is not offered");
        requests(trial, "VF-002", FeatureSet.of(RingFeature.RING_PACKED));
    }

    private static void requests(PciTrial trial, String id, FeatureSet more) {
        boolean flushes = !trial.isNet() && trial.offers(BlkFeature.FLUSH);
        PciRig rig = trial.ready(flushes ? more.with(BlkFeature.FLUSH) : more);
        PciExchange exchange = PciExchange.start(rig, trial.survey().kind(), CommonLayout.NO_VECTOR);
        for (int i = 0; i < REQUESTS; i++) {
            if (!exchange.serve()) {
                trial.fail(id, "request " + i + " is not served");
                return;
            }
        }
        boolean flushed = !flushes || exchange.flush();
        trial.check(id, flushed, REQUESTS + " requests" + (flushes ? ", and a flush" : ""));
    }

    private static void unmapped(PciTrial trial) {
        PciRig rig = trial.ready(FeatureSet.NONE);
        PciExchange exchange = PciExchange.start(rig, trial.survey().kind(), CommonLayout.NO_VECTOR);
        trial.need(exchange.serve(), "nothing is served");
        rig.unshare();
        exchange.give();
        boolean quiet = !exchange.take(trial.peer().quiet());
        trial.check("VF-004", quiet, quiet ? "left alone" : "a chain is used in memory that was taken back");
    }
}
