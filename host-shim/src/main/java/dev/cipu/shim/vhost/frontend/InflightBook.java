package dev.cipu.shim.vhost.frontend;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.Request;

/**
 * The memory in which a back-end keeps book of requests it has taken: made by the first one, kept here, handed to each that follows.
 * [vhost-user "Inflight I/O tracking"]
 */
final class InflightBook implements AutoCloseable {
    private final Fd file;
    private final long size;
    private final long offset;
    private final int queues;
    private final int queueSize;

    private InflightBook(Fd file, long size, long offset, int queues, int queueSize) {
        this.file = file;
        this.size = size;
        this.offset = offset;
        this.queues = queues;
        this.queueSize = queueSize;
    }

    /** Has the back-end make one. */
    static InflightBook ask(Wire wire, int queues, int queueSize) {
        describe(
                wire.question("GET_INFLIGHT_FD", Request.GET_INFLIGHT_FD, MessageLayout.INFLIGHT_BYTES),
                0,
                0,
                queues,
                queueSize);
        Message reply = wire.ask(MessageLayout.INFLIGHT_QUEUES);
        long size = reply.u64(MessageLayout.INFLIGHT_SIZE);
        long offset = reply.u64(MessageLayout.INFLIGHT_OFFSET);
        if (size == 0 || reply.descriptors().count() != 1) {
            throw FrontEndException.refused("the back-end has no inflight region although it offers one");
        }
        return new InflightBook(reply.takeDescriptor(), size, offset, queues, queueSize);
    }

    /** Hands it to a back-end. */
    void tell(Wire wire) {
        describe(
                wire.order("SET_INFLIGHT_FD", Request.SET_INFLIGHT_FD, MessageLayout.INFLIGHT_BYTES),
                size,
                offset,
                queues,
                queueSize);
        wire.tell(file);
    }

    private static void describe(Message message, long size, long offset, int queues, int queueSize) {
        message.u64(MessageLayout.INFLIGHT_SIZE, size)
                .u64(MessageLayout.INFLIGHT_OFFSET, offset)
                .u16(MessageLayout.INFLIGHT_QUEUES, queues)
                .u16(MessageLayout.INFLIGHT_QUEUE_SIZE, queueSize);
    }

    @Override
    public void close() {
        file.close();
    }
}
