package dev.cipu.shim.replay;

/** Why a transaction of a trace is not replayed. */
public enum LeftOut {
    COMMAND("commands of control queues"),
    /** The card had no use for it when it was recorded. */
    DROPPED("frames that the card dropped"),
    FAILED("requests that failed"),
    OTHER("requests that neither move data nor discard any"),
    TOO_LONG("transactions of more than 16 MiB"),
    /** The ranges of a discard were not recorded. */
    WITHOUT_RANGES("discards whose ranges are not in the trace"),
    /** Frames that the guest got are for whoever sends them, not for a driver. */
    RECEIVED("frames received"),
    WRITE("writes and discards"),
    NOT_OFFERED("what the device does not offer");

    private final String plural;

    LeftOut(String plural) {
        this.plural = plural;
    }

    /** In words. */
    public String plural() {
        return plural;
    }
}
