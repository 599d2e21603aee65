package dev.cipu.shim.posix;

import java.io.Serial;
import jnr.constants.platform.Errno;

/** A system call failed: which one, and with which errno. */
public final class PosixException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final String call;
    private final Errno errno;

    public PosixException(String call, Errno errno) {
        super(call + ": " + errno.name() + " (" + errno.description() + ")");
        this.call = call;
        this.errno = errno;
    }

    public String call() {
        return call;
    }

    public Errno errno() {
        return errno;
    }

    /** The symbolic name, such as {@code ENOENT}. */
    public String errnoName() {
        return errno.name();
    }
}
