package dev.cipu.shim.wire;

import java.io.Serial;

/** The peer broke the protocol: the connection is of no use any more. */
public class ProtocolException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public ProtocolException(String message) {
        super(message);
    }
}
