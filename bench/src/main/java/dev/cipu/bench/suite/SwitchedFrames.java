package dev.cipu.bench.suite;

import dev.cipu.bench.guest.PortGuest;
import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.net.L2Switch;
import dev.cipu.dataplane.net.PacketPool;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.net.NetFeature;
import java.lang.foreign.Arena;

/** Frames from one guest through the switch to another, both drivers' halves and all. */
final class SwitchedFrames implements Frames {
    private static final byte[] FROM = {0x52, 0x54, 0, 0, 0, 1};
    private static final byte[] TO = {0x52, 0x54, 0, 0, 0, 2};
    private static final int SLOTS = 1024;
    private static final int MAX_FRAME = 1518;

    /** Turns of the switch after which a frame that has not arrived is lost. */
    private static final int PATIENCE = 1000;

    private final L2Switch l2;
    private final PortGuest sender;
    private final PortGuest receiver;

    SwitchedFrames() {
        Arena arena = Arena.ofAuto();
        PacketPool pool = new PacketPool(arena, SLOTS, MAX_FRAME);
        FeatureSet features = FeatureSet.of(RingFeature.VERSION_1, NetFeature.MAC, NetFeature.MTU);
        l2 = new L2Switch(pool, System::nanoTime, CounterGroup.unlisted(L2Switch.COUNTERS));
        sender = new PortGuest(arena, pool, FROM, features);
        receiver = new PortGuest(arena, pool, TO, features);
        l2.add(sender.port(), FROM);
        l2.add(receiver.port(), TO);
    }

    @Override
    public void burst(int bytes) {
        for (int i = 0; i < BURST; i++) {
            sender.address(TO);
            sender.driver().send(bytes);
        }
        sender.driver().publishTransmit();
        int arrived = 0;
        for (int turn = 0; arrived < BURST; turn++) {
            if (turn == PATIENCE) {
                throw new IllegalStateException("only " + arrived + " of " + BURST + " frames arrived");
            }
            l2.poll();
            arrived += receiver.drain();
        }
        sender.reclaim();
    }
}
