package dev.cipu.virtio.ring;

/** The ways in which a driver can break the rules of a ring. */
public enum Violation {
    AVAIL_INDEX_JUMP("the available index moved by more than the queue size"),
    HEAD_OUT_OF_RANGE("an available ring entry names no descriptor"),
    HEAD_IN_FLIGHT("a descriptor chain was made available again before it was used"),
    NEXT_OUT_OF_RANGE("a next field names no descriptor of its table"),
    CHAIN_TOO_LONG("a descriptor chain is longer than its table or the device allows, or loops"),
    CHAIN_TOO_BIG("a descriptor chain describes more than 4 GiB"),
    READABLE_AFTER_WRITABLE("a device-readable descriptor follows a device-writable one"),
    ADDRESS_UNMAPPED("a descriptor names memory that is not shared"),
    ACCESS_DENIED("a descriptor wants something done to memory that its translation does not permit"),
    INDIRECT_NOT_NEGOTIATED("an indirect descriptor without the feature"),
    INDIRECT_NESTED("an indirect descriptor inside an indirect table"),
    INDIRECT_WITH_NEXT("an indirect descriptor that goes on"),
    INDIRECT_IN_CHAIN("an indirect descriptor in a chain of direct ones"),
    NEXT_NOT_AVAILABLE("a descriptor chain goes on in a descriptor that is not available"),
    INDIRECT_SIZE("an indirect table of no, a broken, or too large a size");

    private final String text;

    Violation(String text) {
        this.text = text;
    }

    /** One sentence part for people. */
    public String text() {
        return text;
    }
}
