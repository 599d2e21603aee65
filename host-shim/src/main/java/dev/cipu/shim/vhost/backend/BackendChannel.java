package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.Request;
import dev.cipu.shim.wire.MessageChannel;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the back-end says of its own accord, on a connection that the front-end hands it or does not. Nothing is answered: we would
 * have to wait for it, and nothing depends on it. Owned by the session's thread.
 */
final class BackendChannel implements AutoCloseable {
    private final Duration patience;
    private final Message message = new Message();
    private @Nullable MessageChannel channel;

    /**
     * @param patience how long the front-end may take to read
     */
    BackendChannel(Duration patience) {
        this.patience = patience;
    }

    /** Consumes the descriptor, which takes the place of the one before. */
    void open(Fd connection) {
        end();
        UnixSocket socket = new UnixSocket(connection);
        try {
            channel = new MessageChannel(socket, patience);
        } catch (PosixException e) {
            socket.close();
            throw new RefusedException("back-end channel: " + e.getMessage());
        }
    }

    void configChanged() {
        tell(message.begin(Request.BACKEND_CONFIG_CHANGE, 0, 0));
    }

    /** Asks for a translation, which comes as a message of its own. */
    void missing(long address, boolean write) {
        translation(MessageLayout.IOTLB_MISS, address, write);
    }

    /** What was wanted of this address its translation does not permit. */
    void denied(long address, boolean write) {
        translation(MessageLayout.IOTLB_ACCESS_FAIL, address, write);
    }

    private void translation(int type, long address, boolean write) {
        tell(message.begin(Request.BACKEND_IOTLB_MSG, 0, MessageLayout.IOTLB_BYTES)
                .u64(MessageLayout.IOTLB_ADDRESS, address)
                .u8(MessageLayout.IOTLB_ACCESS, write ? MessageLayout.IOTLB_WRITE : MessageLayout.IOTLB_READ)
                .u8(MessageLayout.IOTLB_TYPE, type));
    }

    private void tell(Message what) {
        MessageChannel to = channel;
        if (to == null) {
            return;
        }
        try {
            to.send(what);
        } catch (PosixException e) {
            // a front-end that closes or does not read its own channel does without
            end();
        }
    }

    private void end() {
        MessageChannel open = channel;
        channel = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void close() {
        end();
        message.close();
    }
}
