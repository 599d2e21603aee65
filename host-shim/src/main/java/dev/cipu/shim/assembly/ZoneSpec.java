package dev.cipu.shim.assembly;

/**
 * The zones of a disk.
 *
 * @param managed host-managed rather than host-aware
 * @param zoneBytes of a zone, a power of two
 * @param conventional zones at the front that may be written at random
 * @param maxOpen zones that can be open at a time, 0 for any number
 * @param maxActive zones that can be open or closed at a time, 0 for any number
 */
public record ZoneSpec(boolean managed, long zoneBytes, int conventional, int maxOpen, int maxActive) {
    static final String DEFAULT_ZONE = "16M";
    static final long LEAST_ZONE = 64 << 10;
    static final long LARGEST_ZONE = 256L << 30;
}
