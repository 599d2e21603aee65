package dev.cipu.device.pci;

/** The address spaces of a function, in the order in which VFIO numbers them. */
public enum RegionId {
    BAR0,
    BAR1,
    BAR2,
    BAR3,
    BAR4,
    BAR5,
    ROM,
    CONFIG
}
