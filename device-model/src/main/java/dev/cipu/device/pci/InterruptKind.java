package dev.cipu.device.pci;

/** How a function interrupts its host. */
public enum InterruptKind {
    /** A pin, level-triggered. */
    INTX,
    /** Up to 32 messages, described in configuration space. */
    MSI,
    /** Up to 2048 messages, described by a table in a BAR. */
    MSIX
}
