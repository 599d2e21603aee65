package dev.cipu.shim.vhost;

import java.io.Serial;

/** The peer broke the vhost-user protocol: the connection is of no use any more. */
public class ProtocolException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public ProtocolException(String message) {
        super(message);
    }
}
