package dev.cipu.shim.torture;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.probe.Rig;
import dev.cipu.virtio.FeatureSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A vhost-user back-end, attacked as a hostile guest or front-end would. */
final class BackEndVictim extends Victim<Assault> {
    private final FeatureSet offered;

    private BackEndVictim(Peer peer, DeviceKind kind, FeatureSet offered) {
        super(peer, kind);
        this.offered = offered;
    }

    /** Connects and learns what it is, see {@link Torture#of}. */
    static BackEndVictim meet(Peer peer, @Nullable DeviceKind kind) {
        try (Rig rig = Rig.connect(peer)) {
            DeviceKind type = kind != null ? kind : DeviceKind.of(rig);
            if (type == null) {
                throw new IllegalArgumentException("the back-end does not show whether it is net or blk; say --type");
            }
            return new BackEndVictim(peer, type, rig.offered());
        }
    }

    /** All attacks by their numbers. */
    static List<Attack<Assault>> attacks() {
        return Stream.of(
                        ChainAttacks.all(),
                        PackedAttacks.all(),
                        RaceAttacks.all(),
                        NetAttacks.all(),
                        BlkAttacks.all(),
                        MessageAttacks.all(),
                        RingMessageAttacks.all(),
                        MemoryAttacks.all())
                .flatMap(List::stream)
                .sorted(Comparator.comparingInt(Attack::number))
                .toList();
    }

    @Override
    String name() {
        return "the back-end";
    }

    @Override
    Assault encounter() {
        return new Assault(peer(), kind(), offered);
    }

    @Override
    boolean serves() {
        try (Rig rig = Rig.connect(peer())) {
            rig.accept(Rig.LEAST).share();
            Exchange exchange = Exchange.start(rig, kind(), 0);
            return exchange.serve(exchange.sample());
        }
    }
}
