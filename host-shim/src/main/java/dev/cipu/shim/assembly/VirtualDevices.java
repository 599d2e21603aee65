package dev.cipu.shim.assembly;

import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.VirtualFunctions;
import dev.cipu.shim.session.RateLimit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The virtual functions of a device: each becomes a device of the card, behind a socket of its own, when the host of the physical
 * function switches them on, and leaves it when that one switches them off, resets the function or is gone.
 *
 * <p>Owner: the control thread of the physical function, which is its session's and not the card's. Whoever holds the card's
 * lock may wait for that thread to end, so nothing here takes it. Any thread may ask what there is.
 */
final class VirtualDevices implements VirtualFunctions.Factory {
    private static final Logger LOG = LoggerFactory.getLogger(VirtualDevices.class);

    private final DeviceSpec physical;
    private final Bay bay;
    private final RateLimit logLimit = new RateLimit(Duration.ofSeconds(1));
    private volatile List<Plugged> present = List.of();

    /** Where devices are plugged in. Any thread. */
    interface Bay {
        /** The device, which hosts can connect to; if it throws nothing is left of it. */
        Plugged plugIn(DeviceSpec device);

        /** Releases all that a device has. */
        void pullOut(Plugged device);
    }

    VirtualDevices(DeviceSpec physical, Bay bay) {
        this.physical = physical;
        this.bay = bay;
    }

    /**
     * A virtual function's disk outlives it: what is in memory stays until the physical function leaves. A file is only looked for, so
     * that who describes the card hears that there is none.
     */
    void keepStores(OpenStores stores, Map<String, StoreSpec> among, Plugged made) {
        for (int i = 0; i < physical.virtuals().total(); i++) {
            if (physical.virtual(i) instanceof BlkSpec disk) {
                String store = disk.store();
                StoreSpec description = Objects.requireNonNull(among.get(store));
                stores.use(store, description);
                if (description instanceof StoreSpec.OnFile) {
                    stores.release(store);
                } else {
                    made.undo(() -> stores.release(store));
                }
            }
        }
    }

    @Override
    public List<PciFunction> appear(int count) {
        List<Plugged> made = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                made.add(bay.plugIn(physical.virtual(i)));
            }
        } catch (RuntimeException e) {
            pullOut(made);
            if (logLimit.permits()) {
                LOG.error("{}: {} virtual functions stay off: {}{}", physical.id(), count, e.getMessage(), unsaid());
            }
            return List.of();
        }
        present = List.copyOf(made);
        log("on");
        return made.stream()
                .map(each -> Objects.requireNonNull(each.presented()).pci())
                .toList();
    }

    @Override
    public void disappear(List<PciFunction> functions) {
        List<Plugged> gone = present;
        present = List.of();
        pullOut(gone);
        log("off");
    }

    private void log(String how) {
        if (logLimit.permits()) {
            LOG.info("{}: its virtual functions are {}{}", physical.id(), how, unsaid());
        }
    }

    /** A host may switch as fast as it likes. */
    private String unsaid() {
        long lines = logLimit.takeSuppressed();
        return lines == 0 ? "" : " (" + lines + " more changes since the last line)";
    }

    /** All sessions end at the same time, so that the slowest decides how long it takes. */
    private void pullOut(List<Plugged> gone) {
        gone.forEach(Plugged::stop);
        gone.forEach(bay::pullOut);
    }

    /** Those that are there now. */
    List<Plugged> present() {
        return present;
    }

    /** How those that are there now are described. */
    Stream<DeviceSpec> specs() {
        return IntStream.range(0, present.size()).mapToObj(physical::virtual);
    }

    /** The one of this id, null if it is not there now. */
    @Nullable
    Plugged find(String id) {
        return present.stream().filter(each -> each.id().equals(id)).findFirst().orElse(null);
    }
}
