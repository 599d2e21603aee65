package dev.cipu.shim.control;

import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.EndpointSpec.Mode;
import dev.cipu.shim.assembly.NetSpec;
import dev.cipu.shim.assembly.TapSpec;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A device of a running card, as requests are answered.
 *
 * @param kind {@code net}, {@code blk} or {@code tap}
 * @param at where its host finds it: a socket's path, an interface's name
 * @param listens whether the card waits there for its host, or the other way round
 * @param pci whether it is a whole PCI function, over vfio-user
 * @param queues queue pairs of a network device, request queues of a disk
 * @param mac of a network device or an interface
 * @param mtu likewise, 0 of a disk
 * @param network the switch that it belongs to
 */
public record DeviceView(
        String kind,
        String id,
        String at,
        boolean listens,
        boolean pci,
        int queues,
        @Nullable String mac,
        int mtu,
        @Nullable String network) {
    static DeviceView of(DeviceSpec device) {
        String at = device.endpoint().name();
        boolean pci = device.endpoint().transport().isPci();
        boolean listens = device.endpoint().mode() != Mode.CLIENT;
        return device instanceof NetSpec net
                ? new DeviceView(
                        "net", net.id(), at, listens, pci, net.queues(), net.mac(), net.mtu(), net.switchName())
                : new DeviceView(device.kind(), device.id(), at, listens, pci, device.queues(), null, 0, null);
    }

    static DeviceView of(TapSpec tap) {
        return new DeviceView(
                TapSpec.KIND, tap.id(), tap.name(), true, false, 1, tap.mac(), tap.mtu(), tap.switchName());
    }

    /** All devices of a card, with the virtual functions that are on. */
    static List<DeviceView> all(CardAssembly card) {
        return Stream.concat(
                        card.present().stream().map(DeviceView::of),
                        card.spec().taps().stream().map(DeviceView::of))
                .toList();
    }

    /** As {@code cipu serve} and {@code cipu attach} say it. */
    public String readyLine() {
        return "ready " + kind + " " + id + " " + at;
    }
}
