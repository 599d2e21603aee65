package dev.cipu.shim.peer;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * The back-end that a peer test runs against: the card, or, when the run asks for the reference ({@code -Dcipu.reference=true}),
 * QEMU's storage daemon and DPDK's net_vhost. A test that fails against the reference too is at fault itself.
 */
final class Backend implements AutoCloseable {
    private final Runnable ender;
    private final Runnable killer;
    private final Supplier<String> counters;
    private final List<Path> sockets;
    private boolean killed;

    private Backend(Runnable ender, Runnable killer, Supplier<String> counters, List<Path> sockets) {
        this.ender = ender;
        this.killer = killer;
        this.counters = counters;
        this.sockets = sockets;
    }

    /** Serves disks, each kept in an image file, with two queues each. */
    static Backend disks(Path folder, Path... images) {
        return disks(folder, List.of(), images);
    }

    /** As {@link #disks(Path, Path...)}; if it is the card, it records to {@code trace}. */
    static Backend recordedDisk(Path folder, Path trace, Path image) {
        return disks(folder, List.of("--record", trace.toString()), image);
    }

    private static Backend disks(Path folder, List<String> more, Path... images) {
        List<Path> sockets = new ArrayList<>();
        List<String> options = new ArrayList<>(List.of("--idle", "sleep"));
        options.addAll(more);
        List<String> daemon = new ArrayList<>(List.of("qemu-storage-daemon"));
        for (int i = 0; i < images.length; i++) {
            Path socket = folder.resolve("disk" + i + ".sock");
            sockets.add(socket);
            options.add("--blk");
            options.add("socket=" + socket + ",store=file:" + images[i] + ",queues=2,serial=cipu" + i);
            daemon.addAll(List.of(
                    "--blockdev",
                    "driver=file,node-name=f" + i + ",filename=" + images[i] + ",discard=unmap",
                    "--blockdev",
                    "driver=raw,node-name=d" + i + ",file=f" + i + ",discard=unmap",
                    "--export",
                    "type=vhost-user-blk,id=e" + i + ",node-name=d" + i + ",addr.type=unix,addr.path=" + socket
                            + ",writable=on,num-queues=2"));
        }
        return Peers.reference() ? reference(daemon, sockets) : card(folder, options, sockets);
    }

    /** Serves one disk, an image file with more options, such as {@code ,zoned=host-managed}; the card only. */
    static Backend disk(Path folder, Path image, String options) {
        Path socket = folder.resolve("disk0.sock");
        return card(
                folder,
                List.of("--idle", "sleep", "--blk", "socket=" + socket + ",store=file:" + image + options),
                List.of(socket));
    }

    /** Serves a disk and a network port of the card alone, whose devices are behind an IOMMU. */
    static Backend translated(Path folder, Path image) {
        List<Path> sockets =
                List.of(folder.resolve("net0.sock"), folder.resolve("net1.sock"), folder.resolve("disk0.sock"));
        return card(
                folder,
                List.of(
                        "--idle",
                        "sleep",
                        "--net",
                        "socket=" + sockets.get(0) + ",iommu=on",
                        "--net",
                        "socket=" + sockets.get(1),
                        "--blk",
                        "socket=" + sockets.get(2) + ",store=file:" + image + ",iommu=on"),
                sockets);
    }

    /** Serves two network ports of one switch. {@code device} holds more options of both, such as {@code ,queues=2}. */
    static Backend ports(Path folder, String idle, String device) {
        return ports(folder, idle, device, false, List.of());
    }

    /** As {@link #ports(Path, String, String)}, but the card connects to front-ends that listen. */
    static Backend clientPorts(Path folder, String idle, String device) {
        return ports(folder, idle, device, true, List.of());
    }

    /** As {@link #ports(Path, String, String)}; if it is the card, it records to {@code trace}. */
    static Backend recordedPorts(Path folder, String idle, String device, Path trace) {
        return ports(folder, idle, device, false, List.of("--record", trace.toString()));
    }

    /** As {@link #ports(Path, String, String)}, of the card alone, which records to {@code trace}. */
    static Backend recordedPorts(Path folder, Path trace) {
        List<Path> sockets = List.of(folder.resolve("net0.sock"), folder.resolve("net1.sock"));
        return card(
                folder,
                List.of(
                        "--record",
                        trace.toString(),
                        "--net",
                        "socket=" + sockets.get(0),
                        "--net",
                        "socket=" + sockets.get(1)),
                sockets);
    }

    private static Backend ports(Path folder, String idle, String device, boolean client, List<String> more) {
        List<Path> sockets = List.of(folder.resolve("net0.sock"), folder.resolve("net1.sock"));
        if (!Peers.reference()) {
            List<String> options = new ArrayList<>(List.of("--idle", idle));
            options.addAll(more);
            for (Path socket : sockets) {
                options.add("--net");
                options.add("socket=" + socket + device + (client ? ",mode=client" : ""));
            }
            return card(folder, options, client ? List.of() : sockets);
        }
        Testpmd testpmd = Testpmd.backend(sockets, device.contains("queues=2") ? 2 : 1, client);
        return new Backend(testpmd::close, testpmd::kill, () -> "(no counters)", sockets);
    }

    private static Backend card(Path folder, List<String> options, List<Path> sockets) {
        CardProcess card = CardProcess.serve(folder, options.toArray(String[]::new));
        return new Backend(card::end, card::kill, card::counters, sockets);
    }

    private static Backend reference(List<String> command, List<Path> sockets) {
        try {
            for (Path socket : sockets) {
                Files.deleteIfExists(socket);
            }
            Child child = Child.start("the reference", command);
            long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
            while (!sockets.stream().allMatch(Files::exists)) {
                if (System.nanoTime() > deadline || !child.isAlive()) {
                    throw new AssertionError("the reference does not listen: " + child.lines());
                }
                Thread.sleep(20);
            }
            return new Backend(child::close, child::kill, () -> "(no counters)", sockets);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** A sparse image file of the given size. */
    static Path image(Path folder, String name, long bytes) {
        Path image = folder.resolve(name);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return image;
    }

    Path socket(int index) {
        return sockets.get(index);
    }

    /** What it counted, for failure messages. */
    String counters() {
        return counters.get();
    }

    /** SIGKILL. */
    void kill() {
        killed = true;
        killer.run();
    }

    /** Ends it in order; the card must then leave without an error. */
    @Override
    public void close() {
        if (!killed) {
            ender.run();
        }
    }
}
