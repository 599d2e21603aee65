package dev.cipu.shim.probe;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.Readiness;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.probe.LinkException.Kind;
import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.wire.MessageChannel;
import dev.cipu.shim.wire.ProtocolException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

/** One connection to a back-end: sends any bytes and descriptors, and waits for replies. Owned by one thread. */
public final class Link implements AutoCloseable {
    /** Attempts to connect are this far apart. */
    private static final Duration RETRY = Duration.ofMillis(20);

    private static final int DRAIN_BYTES = 4096;

    private final UnixSocket socket;
    private final MessageChannel channel;
    private final Duration timeout;
    private final Message reply = new Message();
    private long agreed;

    private Link(UnixSocket socket, Duration timeout) {
        this.socket = socket;
        this.timeout = timeout;
        channel = new MessageChannel(socket, timeout);
    }

    /**
     * Connects, and tries again for as long as the peer's timeout: a back-end may need a moment between front-ends.
     *
     * @throws LinkException if nobody listens
     */
    public static Link open(Peer peer) {
        long deadline = System.nanoTime() + peer.timeout().toNanos();
        while (true) {
            try {
                return new Link(UnixSocket.connect(peer.socket()), peer.timeout());
            } catch (PosixException | IllegalArgumentException e) {
                if (System.nanoTime() > deadline) {
                    throw new LinkException(Kind.ABSENT, "nobody serves " + peer.socket() + ": " + e.getMessage(), e);
                }
                Pause.of(RETRY);
            }
        }
    }

    /** Connects to what listens now. */
    public static Link openNow(Peer peer) {
        try {
            return new Link(UnixSocket.connect(peer.socket()), peer.timeout());
        } catch (PosixException | IllegalArgumentException e) {
            throw new LinkException(Kind.ABSENT, "nobody serves " + peer.socket() + ": " + e.getMessage(), e);
        }
    }

    public UnixSocket socket() {
        return socket;
    }

    /** The protocol features that both sides have agreed to; from now on acknowledgements are asked for if they are among them. */
    public void agreed(long protocolFeatures) {
        agreed = protocolFeatures;
    }

    public boolean has(long protocolFeature) {
        return (agreed & protocolFeature) != 0;
    }

    /** Sends bytes as they are. */
    public void raw(byte[] bytes, Fd... descriptors) {
        try (Arena arena = Arena.ofConfined()) {
            socket.send(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), descriptors);
        } catch (PosixException e) {
            throw new LinkException(
                    "EAGAIN".equals(e.errnoName()) ? Kind.SILENT : Kind.CLOSED,
                    "the back-end takes no message: " + e.errnoName(),
                    e);
        }
    }

    /** Sends a message without asking for anything. */
    public void send(int request, byte[] payload, Fd... descriptors) {
        raw(Payload.frame(request, MessageLayout.VERSION, payload.length, payload), descriptors);
    }

    /** Sends a message and returns its acknowledgement: 0 for done, also when none was negotiated. */
    public long order(int request, byte[] payload, Fd... descriptors) {
        if (!has(ProtocolFeature.REPLY_ACK)) {
            send(request, payload, descriptors);
            return 0;
        }
        raw(
                Payload.frame(request, MessageLayout.VERSION | MessageLayout.NEED_REPLY, payload.length, payload),
                descriptors);
        Message ack = receive(request);
        if (ack.size() != MessageLayout.U64_BYTES) {
            throw new LinkException(
                    Kind.REFUSED, "message " + request + " is acknowledged with " + ack.size() + " bytes");
        }
        return ack.u64(0);
    }

    /**
     * As {@link #order}.
     *
     * @throws LinkException if the answer is no
     */
    public void demand(String what, int request, byte[] payload, Fd... descriptors) {
        long answer = order(request, payload, descriptors);
        if (answer != 0) {
            throw new LinkException(Kind.REFUSED, "the back-end refuses " + what);
        }
    }

    /** Sends a question and returns the reply, which is good until the next message. */
    public Message ask(int request, byte[] payload, Fd... descriptors) {
        send(request, payload, descriptors);
        return receive(request);
    }

    /** Asks for a number. */
    public long askNumber(int request) {
        Message answer = ask(request, Payload.NONE);
        if (answer.size() < MessageLayout.U64_BYTES) {
            throw new LinkException(
                    Kind.REFUSED, "message " + request + " is answered with " + answer.size() + " bytes");
        }
        return answer.u64(0);
    }

    /** The reply to a request that was sent. */
    public Message receive(int request) {
        if (!awaitReadable(timeout)) {
            throw new LinkException(
                    Kind.SILENT, "no answer to message " + request + " within " + timeout.toMillis() + " ms");
        }
        try {
            if (!channel.receive(reply)) {
                throw new LinkException(Kind.CLOSED, "the back-end closed the connection at message " + request);
            }
        } catch (PosixException | ProtocolException e) {
            throw new LinkException(Kind.CLOSED, "no answer to message " + request + ": " + e.getMessage(), e);
        }
        if (!reply.isReply() || reply.request() != request) {
            throw new LinkException(
                    Kind.REFUSED, "message " + request + " is answered with message " + reply.request());
        }
        return reply;
    }

    private boolean awaitReadable(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (Readiness.await(deadline - System.nanoTime(), socket.fd()) == 0) {
            if (System.nanoTime() - deadline >= 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether the connection ends within {@code limit}; whatever else comes is thrown away. */
    public boolean endsWithin(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        try (Arena arena = Arena.ofConfined();
                FdBundle unwanted = new FdBundle(0)) {
            MemorySegment bytes = arena.allocate(DRAIN_BYTES);
            while (true) {
                long left = Math.max(0, deadline - System.nanoTime());
                int got = socket.receive(bytes, unwanted, Duration.ofNanos(left));
                if (got <= 0) {
                    return got == 0;
                }
            }
        } catch (PosixException e) {
            return true;
        }
    }

    @Override
    public void close() {
        channel.close();
        reply.close();
    }
}
