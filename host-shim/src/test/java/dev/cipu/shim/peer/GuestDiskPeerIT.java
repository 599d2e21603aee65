package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A Debian guest uses disks of the card: the Linux driver, through QEMU's vhost-user-blk. */
@Timeout(180)
class GuestDiskPeerIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final long DISK = 256L << 20;

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("qemu", "qemu-utils", "guest");
    }

    @Test
    void fileSystemVerifiedIoDiscardAndWriteZeroes() throws IOException {
        Path trace = folder.resolve("trace");
        try (Backend card = Backend.recordedDisk(folder, trace, Backend.image(folder, "disk.img", DISK));
                Guest guest = Guest.running(folder, "filesystem.sh")
                        .processors(2)
                        .disk(card.socket(0), "num-queues=2")
                        .start()) {
            assertThat(guest.finish(LIMIT)).anyMatch(line -> line.contains("sectors=" + DISK / 512 + " queues=2"));
        }
        if (!Peers.reference()) {
            // what the guest did would be done by other cards as well
            assertThat(new RecordedTraffic(folder, trace).intoTwoCards().keySet())
                    .containsExactly("DISCARD", "FLUSH", "READ", "WRITE");
        }
    }

    @Test
    void eventIndexIndirectDescriptorsAndPackedRingsOnAndOff() {
        try (Backend card = Backend.disks(
                        folder,
                        Backend.image(folder, "a.img", DISK),
                        Backend.image(folder, "b.img", DISK),
                        Backend.image(folder, "c.img", DISK),
                        Backend.image(folder, "d.img", DISK),
                        Backend.image(folder, "e.img", DISK),
                        Backend.image(folder, "f.img", DISK));
                Guest guest = Guest.running(folder, "disks.sh")
                        .variable("LAST", "f")
                        .disk(card.socket(0), "num-queues=1,queue-size=1024")
                        .disk(card.socket(1), "num-queues=1,event_idx=off,queue-size=16")
                        .disk(card.socket(2), "num-queues=1,indirect_desc=off")
                        .disk(card.socket(3), "num-queues=1,event_idx=off,indirect_desc=off,queue-size=256")
                        .disk(card.socket(4), "num-queues=1,packed=on")
                        .disk(card.socket(5), "num-queues=1,packed=on,event_idx=off,indirect_desc=off")
                        .start()) {
            List<String> results = guest.finish(LIMIT);
            assertThat(results)
                    .anyMatch(line -> line.contains("vda indirect=1 event=1"))
                    .anyMatch(line -> line.contains("vdb indirect=1 event=0"))
                    .anyMatch(line -> line.contains("vdc indirect=0 event=1"))
                    .anyMatch(line -> line.contains("vdd indirect=0 event=0") && line.contains("packed=0"))
                    .anyMatch(line -> line.contains("vde indirect=1 event=1") && line.contains("packed=1"))
                    .anyMatch(line -> line.contains("vdf indirect=0 event=0") && line.contains("packed=1"));
        }
    }

    @Test
    void theNewerQemu() {
        Peers.require("qemu11");
        try (Backend card = Backend.disks(
                        folder, Backend.image(folder, "a.img", DISK), Backend.image(folder, "b.img", DISK));
                Guest guest = Guest.running(folder, "disks.sh")
                        .newer()
                        .processors(2)
                        .variable("LAST", "b")
                        .disk(card.socket(0), "num-queues=2")
                        .disk(card.socket(1), "num-queues=2,packed=on")
                        .start()) {
            assertThat(guest.finish(LIMIT))
                    .anyMatch(line -> line.contains("vda indirect=1 event=1 queues=2") && line.contains("packed=0"))
                    .anyMatch(line -> line.contains("vdb indirect=1 event=1 queues=2") && line.contains("packed=1"));
        }
    }

    @Test
    void aDiskIsPluggedAndPulledIdleAndUnderLoad() throws Exception {
        int cycles = 2;
        try (Backend card = Backend.disks(folder, Backend.image(folder, "disk.img", DISK));
                Guest guest = Guest.running(folder, "hotplug.sh")
                        .variable("CYCLES", Integer.toString(cycles))
                        .with("-device", "pcie-root-port,id=rp0,chassis=1,slot=1")
                        .start();
                Qmp qmp = guest.control()) {
            for (int cycle = 1; cycle <= cycles; cycle++) {
                guest.await("want-disk-" + cycle, LIMIT);
                qmp.run("{'execute': 'chardev-add', 'arguments': {'id': 'c', 'backend': {'type': 'socket', 'data':"
                        + " {'server': false, 'addr': {'type': 'unix', 'data': {'path': '" + card.socket(0)
                        + "'}}}}}}");
                qmp.run("{'execute': 'device_add', 'arguments': {'driver': 'vhost-user-blk-pci', 'id': 'disk" + cycle
                        + "', 'chardev': 'c', 'bus': 'rp0', 'num-queues': 1}}");
                guest.await("pull-disk-" + cycle, LIMIT);
                qmp.run("{'execute': 'device_del', 'arguments': {'id': 'disk" + cycle + "'}}");
                qmp.awaitEvent("DEVICE_DELETED", "disk" + cycle);
                qmp.run("{'execute': 'chardev-remove', 'arguments': {'id': 'c'}}");
            }
            guest.finish(LIMIT);
        }
    }

    /** The guest sees it each time, and reads and writes where the disk is now. */
    @Test
    void aFileThatGrowsAndShrinksResizesTheDisk() throws Exception {
        Path image = Backend.image(folder, "disk.img", 64L << 20);
        try (Backend card = Backend.disks(folder, image);
                Guest guest = Guest.running(folder, "resize.sh")
                        .newer()
                        .variable("GROWN", Long.toString((96L << 20) / 512))
                        .variable("SHRUNK", Long.toString((32L << 20) / 512))
                        .disk(card.socket(0), "num-queues=1")
                        .start()) {
            guest.await("size-was-" + (64L << 20) / 512, LIMIT);
            Backend.image(folder, "disk.img", 96L << 20);
            guest.await("size-is-" + (96L << 20) / 512, LIMIT);
            Backend.image(folder, "disk.img", 32L << 20);
            guest.finish(LIMIT);
        }
    }

    /** The card dies under verified writes and comes back: every acknowledged write is there, the guest sees no error. */
    @Test
    void theCardIsKilledUnderVerifiedWrites() throws Exception {
        Path image = Backend.image(folder, "disk.img", 64L << 20);
        Backend card = Backend.disks(folder, image);
        try (Guest guest = Guest.running(folder, "writes.sh")
                .disk(card.socket(0), "num-queues=1")
                .start()) {
            guest.await("io-started", LIMIT);
            for (int death = 0; death < 2; death++) {
                Thread.sleep(1_500);
                card.kill();
                Thread.sleep(500);
                card = Backend.disks(folder, image);
            }
            guest.finish(LIMIT);
        } finally {
            card.close();
        }
    }
}
