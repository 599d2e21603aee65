package dev.cipu.shim.vhost.frontend;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.Request;
import dev.cipu.shim.wire.MessageChannel;
import dev.cipu.shim.wire.ProtocolException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A front-end's IOMMU: tells the back-end translations as it asks for them on its own channel, and takes the oldest back once there
 * are too many. A thread of its own serves that channel; what it says goes over the front-end's wire, whose lock it takes.
 * [vhost-user "IOMMU support"]
 */
final class Iommu implements AutoCloseable {
    /** What is translated at a time. */
    private static final long GRANULE = 1 << 16;

    /** Sends the wire a message, in turn with the front-end's own. */
    interface Speaker {
        void tell(int type, long iova, long size, int access);
    }

    private final Speaker speaker;
    private final long first;
    private final long size;
    private final int most;
    private final UnixSocket.Pair pair = UnixSocket.pair();
    private final MessageChannel questions;
    private final Deque<Long> told = new ArrayDeque<>();
    private final Thread thread;

    /**
     * @param first the I/O virtual address of the first byte that is mapped, a multiple of 64 KiB
     * @param size bytes mapped
     * @param most translations that a back-end may have at a time
     */
    Iommu(Speaker speaker, long first, long size, int most, Duration patience) {
        this.speaker = speaker;
        this.first = first;
        this.size = size;
        this.most = most;
        questions = new MessageChannel(pair.left(), patience);
        thread = Thread.ofPlatform().name("iommu").daemon().unstarted(this::serve);
    }

    void start() {
        thread.start();
    }

    /** The back-end's end of the channel; stays ours. */
    Fd channel() {
        return pair.right().fd();
    }

    private void serve() {
        try (Message message = new Message()) {
            while (questions.receive(message)) {
                if (message.request() == Request.BACKEND_IOTLB_MSG
                        && message.size() >= MessageLayout.IOTLB_BYTES
                        && message.u8(MessageLayout.IOTLB_TYPE) == MessageLayout.IOTLB_MISS) {
                    translate(message.u64(MessageLayout.IOTLB_ADDRESS));
                }
            }
        } catch (ProtocolException | PosixException | FrontEndException gone) {
            // whoever drives the rings finds out that they stand still, and why
            questions.socket().shutdown();
        }
    }

    private void translate(long address) {
        long granule = address & -GRANULE;
        long offset = granule - first;
        if (offset < 0 || offset >= size) {
            // [vhost-user "IOMMU support"] nothing is said of an address that is not mapped
            return;
        }
        if (told.size() == most) {
            speaker.tell(MessageLayout.IOTLB_INVALIDATE, told.remove(), GRANULE, 0);
        }
        told.add(granule);
        speaker.tell(
                MessageLayout.IOTLB_UPDATE,
                granule,
                Math.min(GRANULE, size - offset),
                MessageLayout.IOTLB_READ | MessageLayout.IOTLB_WRITE);
    }

    /** Not while the wire's lock is held: its thread may be about to take it. */
    @Override
    public void close() {
        pair.left().shutdown();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        pair.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
