package dev.cipu.shim.session;

/** Where pages that a device has written are marked, for a peer that migrates its guest. Any number of workers mark. */
public interface PageLog {
    /** Marks the pages of a range that was written, by the guest's address. */
    void mark(long guestAddress, long bytes);
}
