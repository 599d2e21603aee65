package dev.cipu.shim.vhost.frontend;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.Readiness;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.wire.MessageChannel;
import dev.cipu.shim.wire.ProtocolException;
import java.time.Duration;

/**
 * One connection to a back-end: requests out, replies in, one at a time. Owned by the front-end's thread. Once the
 * back-end has agreed to it, every request that has no reply of its own asks for an acknowledgement.
 */
final class Wire implements AutoCloseable {
    private final MessageChannel channel;
    private final Duration timeout;
    private final Message message = new Message();
    private String name = "";
    private long protocolFeatures;

    /** Takes ownership of the socket. */
    Wire(UnixSocket socket, Duration timeout) {
        this.channel = new MessageChannel(socket, timeout);
        this.timeout = timeout;
    }

    /** Protocol features that both sides have agreed to. */
    void protocolFeatures(long agreed) {
        protocolFeatures = agreed;
    }

    boolean has(long protocolFeature) {
        return (protocolFeatures & protocolFeature) != 0;
    }

    Fd fd() {
        return channel.socket().fd();
    }

    /** Begins a request that is answered, to be sent by {@link #ask}; {@code name} is for error messages. */
    Message question(String name, int request, int payloadBytes) {
        this.name = name;
        return message.begin(request, 0, payloadBytes);
    }

    /** Begins a request that has no reply of its own, to be sent by {@link #tell(Fd...)}. */
    Message order(String name, int request, int payloadBytes) {
        this.name = name;
        int flags = has(ProtocolFeature.REPLY_ACK) ? MessageLayout.NEED_REPLY : 0;
        return message.begin(request, flags, payloadBytes);
    }

    /** Sends the order begun and waits for its acknowledgement if there are any. */
    void tell(Fd... descriptors) {
        int request = message.request();
        boolean acknowledged = message.needsReply();
        send(descriptors);
        if (!acknowledged) {
            return;
        }
        receive(request);
        if (message.size() != MessageLayout.U64_BYTES) {
            throw FrontEndException.refused("the back-end acknowledges " + name + " with " + message.size() + " bytes");
        }
        if (message.u64(0) != 0) {
            throw FrontEndException.refused(
                    "the back-end refuses " + name + ": " + Long.toUnsignedString(message.u64(0)));
        }
    }

    /** Sends a request whose only payload is a number. */
    void tell(String name, int request, long value, Fd... descriptors) {
        order(name, request, MessageLayout.U64_BYTES).u64(0, value);
        tell(descriptors);
    }

    /** Sends the question begun and waits for its reply of at least {@code bytes} bytes. */
    Message ask(int bytes, Fd... descriptors) {
        int request = message.request();
        send(descriptors);
        receive(request);
        if (message.size() < bytes) {
            throw FrontEndException.refused(
                    "the back-end answers " + name + " with " + message.size() + " bytes instead of " + bytes);
        }
        return message;
    }

    /** Sends a request without payload and waits for the number that answers it. */
    long askNumber(String name, int request) {
        question(name, request, 0);
        return ask(MessageLayout.U64_BYTES).u64(0);
    }

    private void send(Fd... descriptors) {
        try {
            channel.send(message, descriptors);
        } catch (PosixException e) {
            throw FrontEndException.missing("the back-end is gone at " + name + ": " + e.errnoName(), e);
        }
    }

    private void receive(int request) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (Readiness.await(deadline - System.nanoTime(), fd()) == 0) {
            if (System.nanoTime() - deadline >= 0) {
                throw FrontEndException.missing(
                        "no answer to " + name + " within " + timeout.toMillis() / 1000.0 + " s");
            }
        }
        boolean open;
        try {
            open = channel.receive(message);
        } catch (PosixException | ProtocolException e) {
            throw FrontEndException.missing("no answer to " + name + ": " + e.getMessage(), e);
        }
        if (!open) {
            throw FrontEndException.missing("the back-end closed the connection at " + name);
        }
        if (!message.isReply() || message.request() != request) {
            throw FrontEndException.refused("the back-end answers " + name + " with message " + message.request());
        }
    }

    /** Whether the back-end still holds the connection. Nothing is expected to arrive now. */
    boolean isOpen() {
        if (Readiness.await(0, fd()) == 0) {
            return true;
        }
        name = "nothing";
        try {
            if (!channel.receive(message)) {
                return false;
            }
        } catch (PosixException | ProtocolException gone) {
            return false;
        }
        throw FrontEndException.refused("the back-end sends message " + message.request() + " unasked");
    }

    @Override
    public void close() {
        channel.close();
        message.close();
    }
}
