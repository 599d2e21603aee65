package dev.cipu.virtio.ring;

/** The driver broke a rule of the ring; the queue is broken from now on, and nothing else is. Carries no stack trace. */
public final class VirtqueueViolation extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Violation kind;

    public VirtqueueViolation(Violation kind) {
        super(kind.text(), null, false, false);
        this.kind = kind;
    }

    public Violation kind() {
        return kind;
    }
}
