package dev.cipu.shim.torture;

/** What an attack did to a back-end. */
public enum Damage {
    /** It went on as if nothing had been, or served the odd thing rightly. */
    SURVIVED(false),
    /** It said no: an error status, a stopped ring, a closed session. The next session is served. */
    REJECTED(false),
    /** It still exists and serves nobody within the time it has. */
    WEDGED(true),
    /** Its process is gone, or nobody listens any more. */
    CRASHED(true),
    /** It is well, but each round of the attack costs it descriptors or memory for good. */
    LEAKED(true),
    /** The attack needs something that this back-end does not have. */
    SKIPPED(false);

    private final boolean harm;

    Damage(boolean harm) {
        this.harm = harm;
    }

    /** Whether that is a fault of the back-end. */
    public boolean isHarm() {
        return harm;
    }
}
