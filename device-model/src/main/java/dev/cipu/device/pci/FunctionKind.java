package dev.cipu.device.pci;

/** What a function is on its bus. {@code [SR-IOV 1.1 §3.4]} */
public enum FunctionKind {
    /** A function of its own, or the one that has virtual functions. */
    PHYSICAL,

    /**
     * A virtual function as its bus has it: ids that read as all ones, no BARs of its own, no pin, memory always enabled. The
     * host takes ids and BARs from the capability of the physical function.
     */
    VIRTUAL,

    /**
     * A virtual function as a guest sees it to which it was given alone: with ids and BARs, which a hypervisor would otherwise
     * add. It still has no pin and no virtual functions.
     */
    ASSIGNED;

    boolean hasPin() {
        return this == PHYSICAL;
    }

    boolean hasHeader() {
        return this != VIRTUAL;
    }
}
