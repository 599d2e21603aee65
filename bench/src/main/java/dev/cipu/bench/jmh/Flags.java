package dev.cipu.bench.jmh;

/** JVM flags of all forks: those of the product. */
final class Flags {
    static final String COLLECTOR = "-XX:+UseSerialGC";
    static final String NATIVE = "--enable-native-access=ALL-UNNAMED";
    static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";

    /** Needed before {@link #UNALIGNED}. */
    static final String DIAGNOSTIC = "-XX:+UnlockDiagnosticVMOptions";

    /** Loops over memory begin with vectors wherever it begins. */
    static final String UNALIGNED = "-XX:SuperWordAutomaticAlignment=0";

    private Flags() {}
}
