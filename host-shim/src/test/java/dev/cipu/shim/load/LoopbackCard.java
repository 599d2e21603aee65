package dev.cipu.shim.load;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.assembly.BlkSpec;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.DiskOptions;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.FeatureChoice;
import dev.cipu.shim.assembly.NetSpec;
import dev.cipu.shim.assembly.StoreSpec;
import dev.cipu.shim.assembly.SwitchSpec;
import dev.cipu.shim.assembly.VirtualSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A card with a disk in memory and a network device before an uplink that reflects, for loads in the same process. */
final class LoopbackCard {
    static final String BLK = "blk";
    static final String NET = "net";
    private static final int QUEUES = 2;

    private LoopbackCard() {}

    /** Starts one whose sockets, {@link #BLK} and {@link #NET}, are in {@code folder}. */
    static CardAssembly start(Path folder, IdlePolicy idle) {
        return start(folder, idle, FeatureChoice.EVERYTHING);
    }

    /** As above, both devices with these features. */
    static CardAssembly start(Path folder, IdlePolicy idle, FeatureChoice features) {
        CardAssembly card = CardAssembly.start(new CardSpec(
                List.of(),
                idle,
                folder.resolve("counters"),
                Map.of("disk", new StoreSpec.Memory(8 << 20)),
                List.of(new SwitchSpec("sw0", SwitchSpec.Uplink.LOOPBACK)),
                List.of(
                        new BlkSpec(
                                "blk0",
                                EndpointSpec.server(folder.resolve(BLK)),
                                "disk",
                                false,
                                QUEUES,
                                "s",
                                512,
                                DiskOptions.NONE,
                                features,
                                VirtualSpec.NONE),
                        new NetSpec(
                                        "net0",
                                        EndpointSpec.server(folder.resolve(NET)),
                                        "02:00:00:00:00:01",
                                        QUEUES,
                                        1500,
                                        "sw0")
                                .offering(features))));
        card.spec().devices().forEach(card::serve);
        return card;
    }

    /** One of its devices. */
    static Target target(Path folder, String socket, boolean indirect) {
        return new Target(folder.resolve(socket), false, 256, indirect, true, false, Duration.ofSeconds(10));
    }
}
