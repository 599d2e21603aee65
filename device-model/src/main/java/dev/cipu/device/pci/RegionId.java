package dev.cipu.device.pci;

import org.jspecify.annotations.Nullable;

/** The address spaces of a function. */
public enum RegionId {
    BAR0(0),
    BAR1(1),
    BAR2(2),
    BAR3(3),
    BAR4(4),
    BAR5(5),
    ROM(6),
    CONFIG(7);

    private static final int LAST_BAR = 5;
    private static final RegionId[] ALL = values();

    private final int number;

    RegionId(int number) {
        this.number = number;
    }

    /** As VFIO numbers them; BARs have the numbers of their registers. */
    public int number() {
        return number;
    }

    /** The BAR with this number, or null. */
    public static @Nullable RegionId bar(int number) {
        return number >= 0 && number <= LAST_BAR ? ALL[number] : null;
    }
}
