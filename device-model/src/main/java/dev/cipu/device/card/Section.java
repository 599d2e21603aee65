package dev.cipu.device.card;

/** A part of a card that has parameters. */
public enum Section {
    FUNCTIONS("functions", "Functions"),
    QUEUES("queues", "Queues"),
    NETWORK("network", "Network"),
    STORAGE("storage", "Storage"),
    GUEST("guest", "One guest at most"),
    LINK("link", "PCIe link"),
    DMA("dma", "DMA"),
    INTERRUPT("interrupt", "Interrupts"),
    HOST("host", "Host"),
    CARD("card", "The card itself");

    private final String key;
    private final String title;

    Section(String key, String title) {
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
