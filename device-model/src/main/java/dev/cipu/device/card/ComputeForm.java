package dev.cipu.device.card;

/** What a card's devices can be given to. */
public enum ComputeForm {
    VM("vm", "virtual machines"),
    BARE_METAL("bare-metal", "bare metal"),
    CONTAINER("container", "containers");

    private final String key;
    private final String title;

    ComputeForm(String key, String title) {
        this.key = key;
        this.title = title;
    }

    /** As files write it. */
    public String key() {
        return key;
    }

    public String title() {
        return title;
    }
}
