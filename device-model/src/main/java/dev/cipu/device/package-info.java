/**
 * The card as hardware. PCI functions with their configuration space, virtio-pci registers, MSI-X, SR-IOV, and the card
 * generations as data will live here; today the devices reach their hosts over vhost-user, which carries queues but no
 * PCI function.
 */
package dev.cipu.device;
