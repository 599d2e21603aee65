package dev.cipu.virtio.ring;

/** The driver broke a rule of the ring; the queue is broken from now on, and nothing else is. Carries no stack trace. */
public final class VirtqueueViolation extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Violation kind;
    private final long address;
    private final boolean write;

    public VirtqueueViolation(Violation kind) {
        this(kind, 0, false);
    }

    private VirtqueueViolation(Violation kind, long address, boolean write) {
        super(kind.text(), null, false, false);
        this.kind = kind;
        this.address = address;
        this.write = write;
    }

    /** {@link Violation#ACCESS_DENIED} at a guest address. */
    static VirtqueueViolation denied(long address, boolean write) {
        return new VirtqueueViolation(Violation.ACCESS_DENIED, address, write);
    }

    /** Where access was denied. */
    public long address() {
        return address;
    }

    /** Whether it was a write. */
    public boolean write() {
        return write;
    }

    public Violation kind() {
        return kind;
    }
}
