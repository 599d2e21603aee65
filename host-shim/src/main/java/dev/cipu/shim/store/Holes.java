package dev.cipu.shim.store;

/**
 * Whether a file can give blocks back. It is believed to, until the file system has refused once. Workers find out, the
 * control thread asks.
 */
final class Holes {
    private volatile boolean possible = true;

    void cannotBe() {
        possible = false;
    }

    boolean possible() {
        return possible;
    }
}
