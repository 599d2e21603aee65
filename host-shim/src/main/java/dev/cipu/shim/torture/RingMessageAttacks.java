package dev.cipu.shim.torture;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Payload;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.FeatureSet;
import java.util.List;

/** Messages about rings that there are not, or not so. */
final class RingMessageAttacks {
    private static final int[] NUMBERS = {200, 255, 256, 0x7fff, 0x10000, 0x7fffffff, -1};

    private RingMessageAttacks() {}

    static List<Attack<Assault>> all() {
        return List.of(
                Attack.any(47, "messages about queues that there are not", RingMessageAttacks::indices),
                Attack.any(48, "sizes of 0, no power of two, too large, again and again", RingMessageAttacks::sizes),
                Attack.any(
                        49,
                        "ring addresses unmapped, misaligned, across the end, before any memory",
                        RingMessageAttacks::addresses),
                Attack.any(50, "stopping a ring twice, and one that never ran", RingMessageAttacks::stops),
                Attack.any(59, "kick and call descriptors that are files, closed or full", RingMessageAttacks::events));
    }

    private static void indices(Assault assault) {
        int[] requests = {
            Request.SET_VRING_NUM, Request.SET_VRING_BASE, Request.SET_VRING_ENABLE, Request.SET_VRING_ADDR
        };
        for (int number : NUMBERS) {
            for (int request : requests) {
                Rig rig = assault.ready(FeatureSet.NONE);
                byte[] payload = request == Request.SET_VRING_ADDR
                        ? Payload.addresses(number, Rig.USER, Rig.USER + 8192, Rig.USER + 4096)
                        : Payload.state(number, 1);
                assault.order(rig, "queue " + Integer.toUnsignedString(number), request, payload);
            }
            Rig rig = assault.ready(FeatureSet.NONE);
            try {
                rig.link().ask(Request.GET_VRING_BASE, Payload.state(number, 0));
                assault.note("a base of no queue answered");
            } catch (LinkException e) {
                assault.ended("base", e);
            }
            for (int request : new int[] {Request.SET_VRING_KICK, Request.SET_VRING_CALL, Request.SET_VRING_ERR}) {
                Rig other = assault.ready(FeatureSet.NONE);
                try (EventFd event = EventFd.create()) {
                    assault.order(other, "event", request, Payload.u64(number & 0xffffffffL), event.fd());
                }
            }
        }
    }

    private static void sizes(Assault assault) {
        Rig rig = assault.ready(FeatureSet.NONE);
        int index = Exchange.index(assault.kind());
        for (int i = 0; i < 500 && assault.isAnswering(rig); i++) {
            assault.order(rig, "size", Request.SET_VRING_NUM, Payload.state(index, 1 << (i % 16)));
        }
        for (int size : new int[] {0, 3, 100, 0x8001, 0xffff, -1}) {
            Rig fresh = assault.ready(FeatureSet.NONE);
            RigQueue queue = fresh.rawQueue(index, Exchange.SIZE);
            assault.order(fresh, "size " + size, Request.SET_VRING_NUM, Payload.state(index, size));
            if (assault.isAnswering(fresh)) {
                byte[] addresses = Payload.addresses(
                        index,
                        Rig.user(queue.raw().descriptorAddress()),
                        Rig.user(queue.raw().usedAddress()),
                        Rig.user(queue.raw().availAddress()));
                assault.order(fresh, "addresses", Request.SET_VRING_ADDR, addresses);
                kick(assault, fresh, queue);
            }
        }
    }

    private static void kick(Assault assault, Rig rig, RigQueue queue) {
        if (!assault.isAnswering(rig)) {
            return;
        }
        try {
            rig.link()
                    .send(
                            Request.SET_VRING_KICK,
                            Payload.u64(queue.index()),
                            queue.kickEvent().fd());
            rig.link().send(Request.SET_VRING_ENABLE, Payload.state(queue.index(), 1));
            rig.driverOk();
            queue.raw().availIndex(1);
            queue.kick();
            dev.cipu.shim.probe.Pause.of(assault.peer().quiet());
            assault.note(assault.isAnswering(rig) ? "session goes on" : "session closed");
        } catch (LinkException e) {
            assault.ended("start", e);
        }
    }

    private static void addresses(Assault assault) {
        int index = Exchange.index(assault.kind());
        long end = Rig.USER + Rig.SEAM;
        long[][] parts = {
            {0, 0, 0},
            {-4096, -4096, -4096},
            {Rig.USER + 1, Rig.USER + 8193, Rig.USER + 4097},
            {end - 16, Rig.USER + 8192, Rig.USER + 4096},
            {Rig.USER, end - 4, Rig.USER + 4096},
            {Rig.USER, Rig.USER + 8192, end - 2},
            {Rig.GUEST, Rig.GUEST + 8192, Rig.GUEST + 4096}
        };
        for (long[] part : parts) {
            for (boolean shared : new boolean[] {true, false}) {
                Rig rig = assault.connect().accept(Rig.LEAST);
                if (shared) {
                    rig.share();
                }
                RigQueue queue = rig.rawQueue(index, Exchange.SIZE);
                assault.order(rig, "size", Request.SET_VRING_NUM, Payload.state(index, Exchange.SIZE));
                byte[] payload = Payload.addresses(index, part[0], part[1], part[2]);
                assault.order(rig, "addresses", Request.SET_VRING_ADDR, payload);
                kick(assault, rig, queue);
            }
        }
    }

    private static void stops(Assault assault) {
        Exchange victim = assault.victim(FeatureSet.NONE);
        victim.queue().raw().give(victim.sample().parts());
        victim.queue().kick();
        try {
            for (int i = 0; i < 3; i++) {
                assault.note("base " + victim.rig().stop(victim.queue()));
            }
            Rig idle = assault.ready(FeatureSet.NONE);
            assault.note("base of a ring that never ran " + idle.stop(idle.rawQueue(0, Exchange.SIZE)));
        } catch (LinkException e) {
            assault.ended("stop", e);
        }
    }

    private static void events(Assault assault) {
        Exchange victim = assault.victim(FeatureSet.NONE);
        int index = victim.queue().index();
        Rig rig = victim.rig();
        for (int request : new int[] {Request.SET_VRING_KICK, Request.SET_VRING_CALL, Request.SET_VRING_ERR}) {
            if (assault.isAnswering(rig)) {
                Fd file = rig.file();
                assault.order(rig, "a file as event", request, Payload.u64(index), file);
            }
            if (assault.isAnswering(rig)) {
                assault.order(rig, "no event", request, Payload.u64(index | MessageLayout.FILE_NONE));
            }
        }
        if (assault.isAnswering(rig)) {
            victim.queue().raw().give(victim.sample().parts());
            assault.watch(victim);
        }
        Exchange full = assault.victim(FeatureSet.NONE);
        full.queue().callEvent().fill();
        full.queue().raw().give(full.sample().parts());
        assault.watch(full);
    }
}
