package dev.cipu.shim.card;

import dev.cipu.virtio.VirtioDevice;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.memory.GuestMemory;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.TranslationMiss;
import dev.cipu.virtio.ring.Violation;
import dev.cipu.virtio.ring.Virtqueue;
import dev.cipu.virtio.ring.VirtqueueViolation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** A function that completes chains when a test says so, and remembers what its transport did. */
public final class FakeFunction extends CardFunction {
    private static final int MAX_BURST = 256;

    private final VirtioDevice device;
    private final TreeMap<Integer, Virtqueue> attached = new TreeMap<>();
    private final TreeMap<Integer, Integer> kicks = new TreeMap<>();
    private final TreeMap<Integer, Boolean> enabled = new TreeMap<>();
    private final List<String> announced = new ArrayList<>();
    private final Set<Integer> parked = new HashSet<>();
    private int quiesced;
    private int attachments;
    private boolean attachFails;
    private int detachFails = -1;

    private FakeFunction(VirtioDevice device) {
        this.device = device;
    }

    public static FakeFunction blk(int queues) {
        return new FakeFunction(new BlkDevice(
                BlkTraits.of(2048).withQueues(queues).withSerial("serial").withDiscard(true)));
    }

    /** As {@link #blk}, behind an IOMMU. */
    public static FakeFunction translated(int queues) {
        FakeFunction function = blk(queues);
        function.device.offerAccessPlatform();
        return function;
    }

    public static FakeFunction net(int pairs) {
        return new FakeFunction(new NetDevice(new byte[] {2, 0, 0, 0, 0, 1}, 1500, pairs));
    }

    @Override
    public VirtioDevice device() {
        return device;
    }

    @Override
    public synchronized void attach(int queue, Virtqueue q, int kickFd) {
        if (attachFails) {
            throw new IllegalStateException("no queue is taken");
        }
        if (attached.put(queue, q) != null) {
            throw new IllegalStateException("queue " + queue + " attached twice");
        }
        kicks.put(queue, kickFd);
        parked.remove(queue);
        attachments++;
    }

    @Override
    public synchronized void detach(int queue) {
        if (queue == detachFails) {
            throw new IllegalStateException("queue " + queue + " is not given back");
        }
        attached.remove(queue);
        enabled.remove(queue);
    }

    @Override
    public synchronized void replaceMemory(int queue, GuestMemory memory, boolean quiesce) {
        Virtqueue q = attached.get(queue);
        if (q == null) {
            throw new IllegalStateException("queue " + queue + " is not attached");
        }
        q.replaceMemory(memory);
        parked.remove(queue);
        quiesced += quiesce ? 1 : 0;
    }

    /** How often nothing was allowed to be under way while memory was replaced. */
    public synchronized int quiesced() {
        return quiesced;
    }

    @Override
    public synchronized void enable(int queue, boolean on) {
        if (!attached.containsKey(queue)) {
            throw new IllegalStateException("queue " + queue + " is not attached");
        }
        enabled.put(queue, on);
    }

    @Override
    public boolean canAnnounce() {
        return device instanceof NetDevice;
    }

    @Override
    public synchronized void announce(byte[] mac) {
        announced.add(java.util.HexFormat.of().formatHex(mac));
    }

    public synchronized List<String> announced() {
        return List.copyOf(announced);
    }

    public synchronized boolean isAttached(int queue) {
        return attached.containsKey(queue);
    }

    /** Descriptors of an attached queue. */
    public synchronized int sizeOf(int queue) {
        Virtqueue q = attached.get(queue);
        return q == null ? 0 : q.size();
    }

    public synchronized boolean isEnabled(int queue) {
        return enabled.getOrDefault(queue, false);
    }

    public synchronized int kickOf(int queue) {
        return kicks.getOrDefault(queue, Integer.MIN_VALUE);
    }

    /** From now on a queue cannot be handed over. */
    public synchronized void failToAttach() {
        attachFails = true;
    }

    /** From now on this queue is not given back; -1 for none. */
    public synchronized void failToDetach(int queue) {
        detachFails = queue;
    }

    /** How often a queue was handed over so far. */
    public synchronized int attachments() {
        return attachments;
    }

    public FunctionListener transport() {
        return listener();
    }

    /** Takes all available chains of an enabled queue and completes those; their heads, in order. */
    public synchronized List<Integer> serve(int queue) {
        return take(queue, true);
    }

    /** Takes all available chains and keeps them. */
    public synchronized List<Integer> hold(int queue) {
        return take(queue, false);
    }

    /** Reports a fault as a worker does. */
    public void fault(int queue, boolean alone) {
        listener().queueFaulted(queue, alone);
        listener().memoryFault();
    }

    private List<Integer> take(int queue, boolean complete) {
        List<Integer> heads = new ArrayList<>();
        Virtqueue q = attached.get(queue);
        if (q == null || !isEnabled(queue) || parked.contains(queue)) {
            return heads;
        }
        Chain chain = new Chain();
        try {
            // bounded: a driver may lay its rings so that completing a chain makes another available
            while (heads.size() < MAX_BURST && q.pop(chain)) {
                heads.add(chain.head());
                if (complete) {
                    q.push(chain.head(), 0);
                }
            }
        } catch (TranslationMiss e) {
            parked.add(queue);
            listener().translationMissed(queue, e.address(), e.write());
        } catch (VirtqueueViolation e) {
            if (e.kind() == Violation.ACCESS_DENIED) {
                listener().accessDenied(queue, e.address(), e.write());
            }
            listener().queueBroken(queue, e.kind());
        } catch (InternalError e) {
            fault(queue, true);
        }
        q.publish();
        return heads;
    }
}
