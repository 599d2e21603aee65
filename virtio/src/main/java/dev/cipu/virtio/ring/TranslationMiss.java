package dev.cipu.virtio.ring;

/**
 * A chain lies where the translation is not known: nothing was popped, and the queue is as it was. It can be asked again once
 * its memory has been replaced by one that knows more. Carries no stack trace.
 */
public final class TranslationMiss extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final long address;
    private final boolean write;

    /**
     * @param address first guest address that is not translated
     * @param write whether the device wants to write there
     */
    public TranslationMiss(long address, boolean write) {
        super("no translation of 0x" + Long.toHexString(address), null, false, false);
        this.address = address;
        this.write = write;
    }

    public long address() {
        return address;
    }

    public boolean write() {
        return write;
    }
}
