package dev.cipu.shim.torture;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.Link;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Payload;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Messages that are no messages, and sessions that are no sessions. */
final class MessageAttacks {
    private static final int STORM = 300;
    private static final int LAST_REQUEST = 44;
    private static final int ACCESS_PLATFORM = RingFeature.ACCESS_PLATFORM;
    private static final int LOG_ALL = 26;

    private MessageAttacks() {}

    static List<Attack<Assault>> all() {
        return List.of(
                Attack.any(44, "payloads larger than any, shorter than their structure", MessageAttacks::sizes),
                Attack.any(45, "wrong versions, replies from us, unknown requests", MessageAttacks::headers),
                Attack.any(46, "too many or too few descriptors on every message", MessageAttacks::descriptors),
                Attack.any(54, "dirty logs that overflow", MessageAttacks::logs),
                Attack.any(57, "configuration ranges that are outside, empty or huge", MessageAttacks::config),
                Attack.any(58, "features that were not offered", MessageAttacks::features),
                Attack.any(60, "half messages, a storm of connections, a second client", MessageAttacks::halves),
                Attack.any(61, "address translation messages without the feature", MessageAttacks::translation));
    }

    /** A session that has greeted, for one raw message; reports whether it ends. */
    private static void raw(Assault assault, byte[] bytes, Fd... descriptors) {
        Rig rig = assault.connect();
        try {
            rig.link().raw(bytes, descriptors);
            boolean ended = rig.link().endsWithin(assault.peer().quiet().dividedBy(2));
            if (ended) {
                assault.refused("session closed");
            } else {
                assault.note("session stays open");
            }
        } catch (LinkException e) {
            assault.ended("message", e);
        }
    }

    private static void sizes(Assault assault) {
        for (int size : new int[] {MessageLayout.MAX_PAYLOAD + 1, 0x7fffffff, -1}) {
            raw(assault, Payload.frame(Request.SET_FEATURES, 1, size, new byte[64]));
        }
        for (int request = 1; request <= LAST_REQUEST; request++) {
            raw(assault, Payload.frame(request, 1, 3, new byte[3]));
        }
    }

    private static void headers(Assault assault) {
        for (int flags : new int[] {0, 2, 3, 1 | MessageLayout.REPLY, -1}) {
            raw(assault, Payload.frame(Request.GET_FEATURES, flags, 0, Payload.NONE));
        }
        for (int request : new int[] {0, 99, 0x7fffffff, -1}) {
            raw(assault, Payload.frame(request, 1, 8, new byte[8]));
            raw(assault, Payload.frame(request, 1 | MessageLayout.NEED_REPLY, 8, new byte[8]));
        }
    }

    private static void descriptors(Assault assault) {
        for (int request = 1; request <= LAST_REQUEST; request++) {
            for (int count : new int[] {0, 1, 2, 9}) {
                Rig rig = assault.connect();
                Fd[] many = new Fd[count];
                Arrays.fill(many, rig.file());
                try {
                    rig.link().send(request, new byte[64], many);
                    if (rig.link().endsWithin(java.time.Duration.ofMillis(2))) {
                        assault.refused("session closed");
                    }
                } catch (LinkException e) {
                    assault.ended("message " + request, e);
                }
            }
        }
    }

    private static void logs(Assault assault) {
        Rig rig = assault.connect(ProtocolFeature.LOG_SHMFD);
        boolean offered = rig.offered().has(LOG_ALL);
        for (long[] log : new long[][] {{-1, 0}, {4096, -4096}, {0, 0}, {16, 1 << 20}, {1L << 62, 1L << 62}}) {
            Rig fresh = assault.connect(ProtocolFeature.LOG_SHMFD);
            assault.order(fresh, "log", Request.SET_LOG_BASE, Payload.u64(log), fresh.file());
        }
        if (offered) {
            // a log for a sixteenth of the memory, and a device that dirties all of it
            Rig small = assault.connect(ProtocolFeature.LOG_SHMFD);
            small.accept(FeatureSet.of(LOG_ALL, RingFeature.VERSION_1)).share();
            small.link().send(Request.SET_LOG_BASE, Payload.u64(16, 0), small.file());
            if (assault.isAnswering(small)) {
                Exchange victim = Exchange.startRaw(small, assault.kind(), 0);
                victim.queue().raw().give(victim.sample().parts());
                assault.watch(victim);
            }
        }
    }

    private static void config(Assault assault) {
        int[][] ranges = {{0, 0}, {0, 257}, {250, 100}, {-1, 4}, {Integer.MAX_VALUE, 8}, {0, -1}, {0, 4000}};
        for (int[] range : ranges) {
            Rig rig = assault.connect();
            int room = Math.clamp(range[1], 0, 4000);
            try {
                int bytes = rig.link()
                        .ask(Request.GET_CONFIG, Payload.config(range[0], range[1], new byte[room]))
                        .size();
                assault.note(bytes == 0 ? "empty answer" : "answer of " + bytes + " bytes");
            } catch (LinkException e) {
                assault.ended("read", e);
            }
            Rig writer = assault.connect();
            assault.order(writer, "write", Request.SET_CONFIG, Payload.config(range[0], range[1], new byte[room]));
        }
    }

    private static void features(Assault assault) {
        FeatureSet all = new FeatureSet(-1, 0);
        Rig rig = assault.connect();
        assault.order(rig, "all features", Request.SET_FEATURES, Payload.u64(all.low()));
        Rig second = assault.connect();
        assault.order(second, "all protocol features", Request.SET_PROTOCOL_FEATURES, Payload.u64(-1));
        Rig third = assault.ready(FeatureSet.NONE);
        assault.order(third, "no features at all", Request.SET_FEATURES, Payload.u64(0));
    }

    private static void halves(Assault assault) {
        byte[] whole = Payload.frame(Request.SET_VRING_ADDR, 1, MessageLayout.ADDRESS_BYTES, new byte[40]);
        for (int bytes : new int[] {1, 6, 12, 30}) {
            Rig rig = assault.connect();
            rig.link().raw(Arrays.copyOf(whole, bytes), rig.file());
            Pause.of(assault.peer().quiet().dividedBy(4));
        }
        assault.close();
        List<Link> open = new ArrayList<>();
        try {
            for (int i = 0; i < STORM; i++) {
                Link link = Link.openNow(assault.peer());
                if (i % 3 == 0) {
                    open.add(link);
                    link.send(Request.GET_FEATURES, Payload.NONE);
                } else {
                    link.close();
                }
                if (open.size() > 20) {
                    open.forEach(Link::close);
                    open.clear();
                }
            }
            assault.note(STORM + " connections taken");
        } catch (LinkException e) {
            assault.refused("connections refused in the storm");
        } finally {
            open.forEach(Link::close);
        }
    }

    private static void translation(Assault assault) {
        assault.need(!assault.offered().has(ACCESS_PLATFORM), "ACCESS_PLATFORM is offered");
        for (int i = 0; i < 3; i++) {
            Rig rig = assault.connect();
            byte[] message = new byte[32];
            message[25] = (byte) i;
            assault.order(rig, "translation", Request.IOTLB_MSG, message);
        }
    }
}
