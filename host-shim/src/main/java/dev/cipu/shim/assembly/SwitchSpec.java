package dev.cipu.shim.assembly;

/** A switch of the card and what is behind its uplink. */
public record SwitchSpec(String name, Uplink uplink) {
    /** Where frames leave the card. */
    public enum Uplink {
        NONE,
        /** Every frame comes back: the far end of a load test. */
        LOOPBACK
    }

    /** The switch of devices that name none. */
    public static final String DEFAULT_NAME = "sw0";
}
