package dev.cipu.shim.vfio;

/** What an error reply says, as Linux numbers errors. {@code [vfio-user "Header"]} */
public final class ErrorNumber {
    public static final int NO_ENTRY = 2;
    public static final int EXISTS = 17;
    public static final int NO_DEVICE = 19;
    public static final int INVALID = 22;
    public static final int NO_SUCH_FEATURE = 25;
    public static final int NO_SPACE = 28;
    public static final int NOT_SUPPORTED = 95;

    private ErrorNumber() {}
}
