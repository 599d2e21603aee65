package dev.cipu.shim.qemu;

import java.io.IOException;
import java.io.Serial;

/** QEMU refused a command. */
final class QmpException extends IOException {
    @Serial
    private static final long serialVersionUID = 1;

    private final String kind;
    private final String reason;

    QmpException(String command, String kind, String reason) {
        super(command + ": " + reason);
        this.kind = kind;
        this.reason = reason;
    }

    /** Whether there is nothing of the name that was given; not all commands have a class of errors for that. */
    boolean isNoSuchThing() {
        return kind.equals("DeviceNotFound") || reason.contains("not found");
    }
}
