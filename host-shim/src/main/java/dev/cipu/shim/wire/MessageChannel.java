package dev.cipu.shim.wire;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.UnixSocket;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * Messages over a socket, one thread. A message that has begun must end within the channel's patience, so that a peer
 * that stops half-way does not hold the channel for ever; between messages it may be silent as long as it likes.
 */
public final class MessageChannel implements AutoCloseable {
    private final UnixSocket socket;
    private final Duration patience;

    /** Takes ownership of the socket. */
    public MessageChannel(UnixSocket socket, Duration patience) {
        this.socket = socket;
        this.patience = patience;
        socket.sendTimeout(patience);
    }

    public UnixSocket socket() {
        return socket;
    }

    /**
     * Receives one message into {@code message}, which first closes what the one before brought. Waits for its start as
     * long as {@code patience} lasts. False when the peer has closed the connection between two messages.
     *
     * @throws ProtocolException when the stream is no sequence of messages; the descriptors that came are still in
     *     {@code message} and are closed with it
     */
    public boolean receive(WireMessage<?> message) {
        message.descriptors().close();
        MemorySegment header = message.header();
        int got = socket.receive(header, message.descriptors(), patience);
        if (got == 0) {
            return false;
        }
        if (got == UnixSocket.TIMED_OUT || !receiveFully(header.asSlice(got), message)) {
            throw new ProtocolException("a message ends in its header");
        }
        if (!receiveFully(message.payload(), message)) {
            throw new ProtocolException(message.name() + " ends in its payload");
        }
        return true;
    }

    /** Not one byte more is read of a message that brings too many descriptors: it could bring some with each byte. */
    private boolean receiveFully(MemorySegment bytes, WireMessage<?> message) {
        boolean filled = socket.receiveFully(bytes, message.descriptors(), patience);
        if (message.descriptors().isOverfull()) {
            throw new ProtocolException(
                    "a message with more than " + message.descriptors().most() + " descriptors");
        }
        return filled;
    }

    /** Sends {@code message} whole; the descriptors travel with it and stay the caller's. */
    public void send(WireMessage<?> message, Fd... descriptors) {
        socket.send(message.whole(), descriptors);
    }

    @Override
    public void close() {
        socket.close();
    }
}
