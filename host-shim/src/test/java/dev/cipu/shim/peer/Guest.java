package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.probe.Pause;
import dev.cipu.virtio.net.NetConfig;
import dev.cipu.virtio.net.NetDevice;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A Linux guest under QEMU's emulation. It boots the image of {@code scripts/guest-image.sh}, runs one of the scripts among the test
 * resources, prints {@code RESULT} lines and powers off. One thread uses it.
 */
final class Guest implements AutoCloseable {
    private static final Duration BOOT = Duration.ofSeconds(60);

    private final Child child;
    private final Path qmp;

    private Guest(Child child, Path qmp) {
        this.child = child;
        this.qmp = qmp;
    }

    /** What a guest is made of; {@link #start()} boots it. */
    static final class Builder {
        private final Path folder;
        private final String script;
        private final List<String> devices = new ArrayList<>();
        private final List<String> variables = new ArrayList<>();
        private final List<String> first = new ArrayList<>();
        private String kernel = "";
        private int processors = 1;
        private boolean newer;
        private boolean zoned;
        private boolean unshared;

        private Builder(Path folder, String script) {
            this.folder = folder;
            this.script = script;
        }

        /** Processors; the emulation gives each a host thread. */
        Builder processors(int count) {
            processors = count;
            return this;
        }

        /** QEMU 11 in place of the installed one. */
        Builder newer() {
            newer = true;
            return this;
        }

        /** Memory that QEMU keeps to itself, so that who wants it has to ask for it. */
        Builder unshared() {
            unshared = true;
            return this;
        }

        /** A kernel that knows zoned disks, in QEMU 11. */
        Builder zoned() {
            zoned = true;
            return newer();
        }

        /** A variable of the script; neither may contain a space, a comma or a colon. */
        Builder variable(String name, String value) {
            variables.add(name + ":" + value);
            return this;
        }

        /** More of QEMU's options. */
        Builder with(String... options) {
            devices.addAll(List.of(options));
            return this;
        }

        /** An emulated IOMMU, of whose translations none outlives the request it was made for. */
        Builder iommu() {
            // before all devices that are behind it
            first.addAll(List.of("-device", "intel-iommu,intremap=off,device-iotlb=on,caching-mode=on"));
            return kernel("intel_iommu=on iommu.strict=1 iommu.passthrough=0");
        }

        /** More of the kernel's command line. */
        Builder kernel(String parameters) {
            kernel += " " + parameters;
            return this;
        }

        /** A disk on a vhost-user socket; the properties are the device's, such as {@code event_idx=off}. */
        Builder disk(Path socket, String properties) {
            int index = devices.size();
            return with(
                    "-chardev",
                    "socket,id=c" + index + ",path=" + socket + reconnect(),
                    "-device",
                    "vhost-user-blk-pci,chardev=c" + index + comma(properties));
        }

        /** A disk with all its features, through the device of QEMU's that knows none of them and passes them on. */
        Builder anyDisk(Path socket) {
            int index = devices.size();
            return with(
                    "-chardev",
                    "socket,id=c" + index + ",path=" + socket,
                    "-device",
                    "vhost-user-test-device-pci,virtio-id=2,num_vqs=1,config_size=96,vq_size=128,chardev=c" + index);
        }

        /**
         * A network card on a vhost-user socket. QEMU 7.2 without KVM crashes when such a card uses MSI-X: it gets none there.
         *
         * @param station the last byte of its address, Ethernet and IP alike
         */
        Builder network(Path socket, int station, int queues, String properties) {
            int index = devices.size();
            String vectors = newer ? (queues > 1 ? ",mq=on,vectors=" + (2 * queues + 2) : "") : ",vectors=0";
            return variable("ADDRESS", "192.168.77." + station)
                    .with(
                            "-chardev",
                            "socket,id=c" + index + ",path=" + socket + reconnect(),
                            "-netdev",
                            "vhost-user,id=n" + index + ",chardev=c" + index + ",queues=" + queues,
                            "-device",
                            "virtio-net-pci,netdev=n" + index + ",romfile=,mac=52:54:00:77:00:0" + station + vectors
                                    + comma(properties));
        }

        /**
         * A network card that is QEMU's generic vhost-user device, which knows nothing of networks: the back-end is the whole
         * device. For QEMU 11.
         */
        Builder generic(Path socket, int station, int pairs) {
            int index = devices.size();
            return variable("ADDRESS", "192.168.77." + station)
                    .with(
                            "-chardev",
                            "socket,id=c" + index + ",path=" + socket,
                            "-device",
                            "vhost-user-test-device-pci,chardev=c" + index + ",virtio-id=" + NetDevice.DEVICE_ID
                                    + ",num_vqs=" + (2 * pairs + 1) + ",vq_size=256,config_size=" + NetConfig.BYTES);
        }

        /** A PCI function on a vfio-user socket. For QEMU 11. */
        Builder function(Path socket) {
            return with("-device", functionAt(socket));
        }

        /** Tries again every second when the back-end is gone. */
        private String reconnect() {
            return newer ? ",reconnect-ms=1000" : ",reconnect=1";
        }

        private static String comma(String properties) {
            return properties.isEmpty() ? "" : "," + properties;
        }

        private Path image() {
            Path full = Peers.guest().resolve("full.cpio");
            if (!zoned) {
                return full;
            }
            // the kernel unpacks one archive after the other
            Path both = folder.resolve("zoned.cpio");
            try (OutputStream out = Files.newOutputStream(both)) {
                Files.copy(full, out);
                Files.copy(Peers.zoned().resolve("more.cpio"), out);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return both;
        }

        Guest start() {
            Guest guest = launch();
            try {
                guest.child.await("RESULT booted", BOOT);
            } catch (AssertionError e) {
                guest.close();
                throw e;
            }
            return guest;
        }

        /** Waits at a socket for a guest with the same devices that moves here. */
        Guest incoming(Path at) {
            Guest guest = with("-incoming", "unix:" + at).launch();
            if (!Pause.until(() -> Files.exists(at), BOOT)) {
                guest.close();
                throw new AssertionError("QEMU does not wait at " + at);
            }
            return guest;
        }

        private Guest launch() {
            Path file = folder.resolve("script-" + devices.hashCode() + ".sh");
            Path socket = folder.resolve("qmp-" + devices.hashCode());
            try (InputStream source = Guest.class.getResourceAsStream("/guest/" + script)) {
                if (source == null) {
                    throw new IllegalArgumentException("no guest script " + script);
                }
                Files.write(file, source.readAllBytes());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            List<String> command = Qemu.command(newer, processors, socket);
            if (unshared) {
                command.replaceAll(option -> option.startsWith("memory-backend-memfd,")
                        ? option.replace("memory-backend-memfd,", "memory-backend-ram,")
                                .replace(",share=on", "")
                        : option);
            }
            command.addAll(List.of(
                    "-kernel",
                    (zoned ? Peers.zoned() : Peers.guest()).resolve("vmlinuz").toString(),
                    "-initrd",
                    image().toString(),
                    "-append",
                    "console=ttyS0 quiet panic=-1 lpj=1000000 tsc=reliable no_timer_check nokaslr mitigations=off"
                            + " random.trust_cpu=on" + kernel + " cipu.env=" + String.join(",", variables),
                    "-fw_cfg",
                    "name=opt/cipu/test,file=" + file));
            command.addAll(first);
            command.addAll(devices);
            return new Guest(Child.start("the guest", command), socket);
        }
    }

    /** What QEMU calls a PCI function on a vfio-user socket. */
    static String functionAt(Path socket) {
        return "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"" + socket + "\"}}";
    }

    /** A guest that will run the given script, its files below the given folder. */
    static Builder running(Path folder, String script) {
        return new Builder(folder, script);
    }

    /** Waits for a result line in which the expression is found, and returns its first group, or the whole match. */
    String await(String result, Duration limit) {
        var matcher = child.await("RESULT .*" + result, limit);
        return matcher.groupCount() > 0 ? matcher.group(1) : matcher.group();
    }

    /** The socket of QEMU's control connection, which takes one client at a time. */
    Path monitor() {
        return qmp;
    }

    /** Opens QEMU's control connection. */
    Qmp control() throws IOException {
        return new Qmp(qmp);
    }

    /** Moves the guest to where another one waits for it, and ends this QEMU. */
    void migrate(Path to) throws IOException {
        try (Qmp control = control()) {
            control.run("{'execute': 'migrate-set-capabilities', 'arguments': {'capabilities':"
                    + " [{'capability': 'events', 'state': true}]}}");
            control.run("{'execute': 'migrate', 'arguments': {'uri': 'unix:" + to + "'}}");
            control.awaitEvent("MIGRATION", "completed");
            control.run("{'execute': 'quit'}");
        }
    }

    /** Waits for the guest to power off; every check of its script must have passed. Returns its result lines. */
    List<String> finish(Duration limit) {
        int status = child.exit(limit);
        List<String> results =
                child.lines().stream().filter(line -> line.contains("RESULT ")).toList();
        String all = String.join("\n", child.lines());
        assertThat(results).as("the guest said:\n%s", all).noneMatch(line -> line.contains("=FAIL"));
        assertThat(results).as("the guest said:\n%s", all).anyMatch(line -> line.contains("RESULT failed=0"));
        assertThat(status).as("QEMU's exit status; it said:\n%s", all).isZero();
        return results;
    }

    @Override
    public void close() {
        child.close();
    }
}
