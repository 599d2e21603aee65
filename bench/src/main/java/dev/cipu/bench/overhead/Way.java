package dev.cipu.bench.overhead;

/**
 * A way to give a guest its devices.
 *
 * <p>{@link #POLL} is not measured by itself: it is {@link #CARD}, the same process on the same core, with that core counted
 * as the host's.
 */
enum Way {
    BARE("bare", "No device", "our driver, and a thread that moves its bytes and does nothing else", false, false),
    CARD("card", "Offload card", "our device, polling on a core of the card", false, false),
    POLL("poll", "Software, polling", "the same device, polling on a core of the host", true, false),
    POLL_PEER(
            "poll-peer",
            "Software, polling, C",
            "DPDK's net_vhost and QEMU's storage daemon on a host core",
            true,
            false),
    INTERRUPT(
            "interrupt",
            "Software, interrupts",
            "our device on a host core, woken by kicks, answering with calls; the driver sleeps, too",
            true,
            true),
    VMM("vmm", "Emulated in the VMM", "QEMU's own devices and an emulated guest (TCG)", true, true);

    private final String id;
    private final String title;
    private final String description;
    private final boolean hostDevice;
    private final boolean interrupt;

    Way(String id, String title, String description, boolean hostDevice, boolean interrupt) {
        this.id = id;
        this.title = title;
        this.description = description;
        this.hostDevice = hostDevice;
        this.interrupt = interrupt;
    }

    /** As in reports and in the ids of figures. */
    String id() {
        return id;
    }

    String title() {
        return title;
    }

    String description() {
        return description;
    }

    /** Whether the device's processor time is taken from the host. */
    boolean hostDevice() {
        return hostDevice;
    }

    /** Whether driver and device sleep and wake each other. */
    boolean interrupt() {
        return interrupt;
    }

    /** The way whose samples this one's figures come from. */
    Way measuredAs() {
        return this == POLL ? CARD : this;
    }
}
