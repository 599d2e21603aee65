package dev.cipu.sim.model;

/** Where a packet or a request spends its time, in the order in which it may pass. */
public enum Part {
    DRIVER("driver", "the guest's core prepares and publishes it"),
    DOORBELL("doorbell", "until the card knows of it, and looks"),
    DESCRIPTORS("descriptors", "ring and descriptors are read"),
    UPLINK_IN("uplink", "from the cable into the card"),
    BUFFER("buffer", "until the guest has a buffer for it"),
    FETCH("fetch", "its data is read from the host"),
    SHADOW("shadow ring", "between the bridge and the server behind it"),
    LOOKUP("flow cache", "the pipeline looks up its flow"),
    TO_CORES("to cores", "it, or its header alone, goes to the cores, once there is room for its payload"),
    CORES("cores", "cores move it"),
    FROM_CORES("from cores", "and back, to its payload"),
    STORE("store", "what is behind: disk or cluster"),
    UPLINK_OUT("uplink", "onto the cable"),
    DELIVER("delivery", "its data is written to the host"),
    USED("used ring", "until its used element is in the host's memory"),
    INTERRUPT("interrupt", "until the guest's core is told, or looks"),
    REAP("reap", "until the guest's core has taken it back");

    private final String label;
    private final String meaning;

    Part(String label, String meaning) {
        this.label = label;
        this.meaning = meaning;
    }

    public String label() {
        return label;
    }

    public String meaning() {
        return meaning;
    }

    /** Whether it is the guest's own core that takes this time, or keeps the rest waiting. */
    public boolean isGuests() {
        return this == DRIVER || this == INTERRUPT || this == REAP;
    }
}
