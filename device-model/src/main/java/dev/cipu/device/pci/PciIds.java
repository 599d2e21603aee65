package dev.cipu.device.pci;

/**
 * What a function says that it is. {@code [PCI 3.0 §6.2.1]}
 *
 * @param classCode base class, subclass and interface, 8 bits each
 */
public record PciIds(int vendor, int device, int revision, int classCode, int subsystemVendor, int subsystem) {}
