package dev.cipu.shim.torture;

import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Payload;
import dev.cipu.shim.probe.RawRing;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.ring.SplitLayout;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;

/** Memory that changes between two looks of the device, and rings that change while they run. */
final class RaceAttacks {
    private static final int CHAINS = 3000;

    private RaceAttacks() {}

    static List<Attack<Assault>> all() {
        return List.of(
                Attack.any(23, "descriptors that flip while they are read", RaceAttacks::flipDescriptors),
                Attack.any(24, "a used ring and indices that the driver overwrites", RaceAttacks::scribble),
                Attack.any(25, "request and frame headers that flip while they are read", RaceAttacks::flipHeaders),
                Attack.any(26, "a ring's size and addresses changed while it runs", RaceAttacks::changeRunning),
                Attack.any(27, "ring sizes that are 0 in 16 bits", RaceAttacks::truncatedSize));
    }

    /** Gives chains for as long as the device takes them while another thread does what it can. */
    private static void race(Assault assault, Exchange victim, Exchange.Sample sample, IntConsumer mischief) {
        AtomicBoolean over = new AtomicBoolean();
        Thread flipper = Thread.ofPlatform().daemon().name("flipper").start(() -> {
            for (int i = 0; !over.get(); i++) {
                mischief.accept(i);
            }
        });
        try {
            RigQueue queue = victim.queue();
            int head = queue.raw().chain(sample.parts());
            for (int i = 0; i < CHAINS; i++) {
                int used = queue.raw().usedIndex();
                queue.raw().offer(head);
                queue.raw().publish();
                queue.kick();
                long deadline = System.nanoTime() + 2_000_000;
                while (queue.raw().usedIndex() == used && System.nanoTime() < deadline) {
                    Thread.onSpinWait();
                }
                if (queue.raw().usedIndex() == used && i > 20) {
                    break;
                }
            }
        } finally {
            over.set(true);
            join(flipper);
        }
        assault.watch(victim);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void flipDescriptors(Assault assault) {
        Exchange victim = assault.victim(FeatureSet.NONE);
        Exchange.Sample sample = victim.sample();
        RawRing ring = victim.queue().raw();
        long good = sample.parts().getFirst().address();
        int bytes = sample.parts().getFirst().length();
        boolean more = sample.parts().size() > 1;
        long[] addresses = {good, Rig.GUEST - 4096, good, Long.MAX_VALUE};
        int[] lengths = {bytes, bytes, 0x7fffffff, 0};
        int[] flags = {more ? SplitLayout.FLAG_NEXT : 0, SplitLayout.FLAG_NEXT, SplitLayout.FLAG_WRITE, 0};
        int[] next = {more ? 1 : 0, 0xffff, 0, 0};
        race(
                assault,
                victim,
                sample,
                i -> ring.descriptor(0, addresses[i & 3], lengths[i & 3], flags[i & 3], next[i & 3]));
    }

    private static void scribble(Assault assault) {
        Exchange victim = assault.victim(FeatureSet.NONE);
        RawRing ring = victim.queue().raw();
        race(assault, victim, victim.sample(), i -> {
            ring.scribbleUsed((byte) i);
            if ((i & 7) == 0) {
                ring.usedIndex(i);
            }
            ring.usedEvent(i);
        });
    }

    private static void flipHeaders(Assault assault) {
        Exchange victim = assault.victim(FeatureSet.NONE);
        Exchange.Sample sample = victim.sample();
        int bytes = sample.parts().getFirst().length();
        var header = victim.rig().memory().slice(sample.out(), bytes);
        byte[] good = header.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
        race(assault, victim, sample, i -> {
            for (int at = 0; at < Math.min(16, bytes); at++) {
                header.set(java.lang.foreign.ValueLayout.JAVA_BYTE, at, (i & 1) == 0 ? good[at] : (byte) (i * 31 + at));
            }
        });
    }

    private static void changeRunning(Assault assault) {
        Exchange victim = assault.victim(FeatureSet.NONE);
        RigQueue queue = victim.queue();
        Rig rig = victim.rig();
        int index = queue.index();
        assault.order(rig, "another size", Request.SET_VRING_NUM, Payload.state(index, 8));
        if (assault.isAnswering(rig)) {
            long wrong = Rig.USER + (6 << 20);
            byte[] addresses = Payload.addresses(index, wrong, wrong + 8192, wrong + 4096);
            assault.order(rig, "other addresses", Request.SET_VRING_ADDR, addresses);
        }
        if (assault.isAnswering(rig)) {
            assault.order(rig, "another base", Request.SET_VRING_BASE, Payload.state(index, 500));
        }
        if (assault.isAnswering(rig)) {
            queue.raw().give(victim.sample().parts());
            assault.watch(victim);
        }
    }

    private static void truncatedSize(Assault assault) {
        for (int size : new int[] {0x10000, 0x20000, 0x10040, Integer.MIN_VALUE}) {
            try {
                Rig rig = assault.ready(FeatureSet.NONE);
                int index = Exchange.index(assault.kind());
                assault.order(
                        rig, "size 0x" + Integer.toHexString(size), Request.SET_VRING_NUM, Payload.state(index, size));
            } catch (LinkException e) {
                assault.ended("set-up", e);
            }
        }
    }
}
