package dev.cipu.device.pci;

/**
 * What a function says that it is.
 *
 * @param classCode 24 bits: base class, sub-class, programming interface
 */
public record PciIdentity(int vendor, int device, int revision, int classCode, int subsystemVendor, int subsystem) {}
