package dev.cipu.shim.vhost.frontend;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.virtio.driver.DriverMemory;

/**
 * The memory that a front-end shares with its back-end: one region behind a memfd.
 *
 * <p>Its guest addresses and its user addresses differ from each other and from where it is mapped, as they do in a real
 * virtual machine: a back-end that takes one for another is found out.
 */
final class SharedRam implements AutoCloseable {
    static final long GUEST_ADDRESS = 0x1_0000_0000L;

    /** Where the region is said to be when what the driver uses are I/O virtual addresses. */
    static final long PHYSICAL_ADDRESS = 0x3_4000_0000L;

    static final long USER_ADDRESS = 0x5500_4000_0000L;

    private static final long HUGE_PAGE = 2L << 20;

    private final Memfd file;
    private final Mapping mapping;
    private final DriverMemory memory;

    private SharedRam(Memfd file, Mapping mapping) {
        this.file = file;
        this.mapping = mapping;
        this.memory = new DriverMemory(mapping.segment(), GUEST_ADDRESS);
    }

    /** At least {@code bytes} zeroed bytes, whole huge pages; of small pages if no huge ones are free. */
    static SharedRam allocate(long bytes, boolean hugePages) {
        long size = (bytes + HUGE_PAGE - 1) & -HUGE_PAGE;
        if (hugePages) {
            try {
                return map(Memfd.createHuge("cipu-driver", size));
            } catch (PosixException noneFree) {
                return map(Memfd.create("cipu-driver", size));
            }
        }
        return map(Memfd.create("cipu-driver", size));
    }

    private static SharedRam map(Memfd file) {
        try {
            return new SharedRam(file, file.map());
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    DriverMemory memory() {
        return memory;
    }

    Fd fd() {
        return file.fd();
    }

    long size() {
        return file.size();
    }

    /** The user address of the byte at a guest address. */
    static long userAddress(long guestAddress) {
        return guestAddress - GUEST_ADDRESS + USER_ADDRESS;
    }

    @Override
    public void close() {
        mapping.close();
        file.close();
    }
}
