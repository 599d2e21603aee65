package dev.cipu.shim.posix;

/** Flags of open(2) as Linux numbers them; a few differ between architectures. */
public final class OpenFlag {
    public static final int READ_ONLY = 0;
    public static final int READ_WRITE = 2;
    public static final int CREATE = 0x40;
    public static final int DIRECT = "aarch64".equals(System.getProperty("os.arch")) ? 0x10000 : 0x4000;

    private OpenFlag() {}
}
