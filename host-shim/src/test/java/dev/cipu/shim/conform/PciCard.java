package dev.cipu.shim.conform;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.virtio.VirtioPciFunction;
import dev.cipu.device.virtio.VirtioPciTraits;
import dev.cipu.shim.assembly.BlkSpec;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.DeviceSpec;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.NetSpec;
import dev.cipu.shim.assembly.StoreSpec;
import dev.cipu.shim.assembly.SwitchSpec;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.SocketEndpoint;
import dev.cipu.shim.vfio.server.CardQueues;
import dev.cipu.shim.vfio.server.EmptySlots;
import dev.cipu.shim.vfio.server.VfioDevice;
import dev.cipu.shim.vfio.server.VfioEndpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A card with one function over vfio-user, in whose place a test may put one that lies. */
final class PciCard implements AutoCloseable {
    private final CardAssembly card;
    private final SocketEndpoint endpoint;
    private final Peer peer;

    private PciCard(
            Path folder, DeviceSpec device, CardSpec spec, UnaryOperator<PciFunction> instead, Duration patience) {
        peer = Peer.of(folder.resolve("s"), patience);
        card = CardAssembly.start(spec);
        CardFunction function = card.function(device.id());
        function.device().offerAccessPlatform();
        CardQueues queues = new CardQueues(function);
        VirtioPciFunction sound = new VirtioPciFunction(function.device(), VirtioPciTraits.usual(), queues);
        endpoint = VfioEndpoint.listen(
                device.id(),
                folder.resolve("s"),
                new VfioDevice(instead.apply(sound), sound, function, queues),
                false,
                SessionCounters.unlisted(),
                EmptySlots.none());
    }

    static PciCard blk(Path folder, UnaryOperator<PciFunction> instead, Duration patience) {
        DeviceSpec disk = new BlkSpec("blk0", EndpointSpec.EMBEDDED, "disk", false, 2, "serial", 512);
        CardSpec spec = new CardSpec(
                List.of(),
                IdlePolicy.SLEEP,
                folder.resolve("counters"),
                Map.of("disk", new StoreSpec.Memory(1 << 20)),
                List.of(),
                List.of(disk));
        return new PciCard(folder, disk, spec, instead, patience);
    }

    static PciCard net(Path folder, UnaryOperator<PciFunction> instead, Duration patience) {
        DeviceSpec device =
                new NetSpec("net0", EndpointSpec.EMBEDDED, "02:00:00:00:00:01", 2, NetSpec.DEFAULT_MTU, "sw0");
        CardSpec spec = new CardSpec(
                List.of(),
                IdlePolicy.SLEEP,
                folder.resolve("counters"),
                Map.of(),
                List.of(new SwitchSpec(SwitchSpec.DEFAULT_NAME, SwitchSpec.Uplink.NONE)),
                List.of(device));
        return new PciCard(folder, device, spec, instead, patience);
    }

    Peer peer() {
        return peer;
    }

    ConformReport run(Set<String> only) {
        return PciConformance.of(peer, null, only).run(result -> {});
    }

    /** The ids, of the given ones, under which the function is at fault. */
    Set<String> failures(Set<String> only) {
        Set<String> failed = new LinkedHashSet<>();
        run(only).results().stream()
                .filter(result -> result.verdict() == Verdict.FAIL)
                .forEach(result -> failed.add(result.id()));
        return failed;
    }

    @Override
    public void close() {
        endpoint.close();
        card.close();
    }
}
