package dev.cipu.shim.posix;

/** Signals that Java cannot send by itself: a process is held still and let go on. */
public enum ProcessSignal {
    /** The process stops where it is; it cannot refuse. */
    HOLD(19),
    /** A held process goes on. */
    GO_ON(18);

    private final int number;

    ProcessSignal(int number) {
        this.number = number;
    }

    /** Sends the signal. Throws ESRCH when there is no such process. */
    public void send(long pid) {
        Posix.check("kill", Posix.C.kill(Math.toIntExact(pid), number));
    }
}
