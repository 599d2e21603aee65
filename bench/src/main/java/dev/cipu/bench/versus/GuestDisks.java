package dev.cipu.bench.versus;

import dev.cipu.bench.process.Child;
import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.EmulatedGuest;
import dev.cipu.bench.process.Program;
import dev.cipu.bench.process.RunLength;
import dev.cipu.bench.process.Setup;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A card with two disks that differ in nothing but the way to them, vhost-user and vfio-user, and one emulated guest that has both:
 * QEMU with all its threads on the host core, the card on the other. In the guest a script takes a job a line from a serial port,
 * runs fio and answers with a line. The card is held still between jobs; the guest sleeps.
 */
final class GuestDisks {
    static final String OVER_VHOST_USER = "vda";
    static final String OVER_VFIO_USER = "vdb";

    private static final String READY = "ready";
    private static final Duration START = Duration.ofSeconds(30);

    /** Beyond the length of a job: fio itself takes a while to start under emulation. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** In the terse form of fio's third version: the rate of reads, and the median of their latency in microseconds. */
    private static final String SCRIPT = """
            stty -F /dev/ttyS1 raw -echo
            exec 3<>/dev/ttyS1
            until [ -b /dev/vda ] && [ -b /dev/vdb ]; do sleep 0.1; done
            echo ready >&3
            while read -r disk depth warm run <&3; do
              said=$(fio --minimal --name=read --filename=/dev/$disk --rw=randread --bs=4k --ioengine=libaio --direct=1 \
                --iodepth=$depth --norandommap --time_based --ramp_time=${warm}ms --runtime=${run}ms 2>&1)
              iops=$(echo "$said" | cut -d';' -f8)
              median=$(echo "$said" | cut -d';' -f24)
              case $median in
                50.*%=*) echo "done iops=$iops latencyMicrosP50=${median#*=}" >&3 ;;
                *) echo "failed: $said" | head -n 1 >&3 ;;
              esac
            done
            """;

    private final Children children;
    private final Child card;
    private final Child guest;

    private GuestDisks(Children children, Child card, Child guest) {
        this.children = children;
        this.card = card;
        this.guest = guest;
    }

    /** Whether it is one of these processes. */
    boolean isAmong(Children some) {
        return children == some;
    }

    /**
     * Starts a card, boots a guest on it and holds the card.
     *
     * @param emulated by a QEMU which knows vfio-user
     */
    static GuestDisks start(Children children, Setup setup, EmulatedGuest emulated)
            throws IOException, InterruptedException {
        Path vhost = children.folder().resolve("vhost");
        Path vfio = children.folder().resolve("vfio");
        Child card = children.start(
                "cipu",
                setup.cardCore(),
                false,
                Program.java(
                        Setup.MAIN,
                        List.of(
                                "serve",
                                "--blk",
                                "socket=" + vhost + ",store=mem:64M,iommu=on",
                                "--blk",
                                "socket=" + vfio + ",store=mem:64M,transport=vfio-user",
                                "--cores",
                                Integer.toString(setup.cardCore()),
                                "--idle",
                                "spin",
                                "--stats",
                                children.folder().resolve("counters").toString())));
        card.awaitSocket(vhost, START);
        card.awaitSocket(vfio, START);
        Child guest = emulated.boot(children, "guest", setup.hostCore(), SCRIPT, READY, disks(vhost, vfio));
        card.hold();
        return new GuestDisks(children, card, guest);
    }

    private static List<String> disks(Path vhost, Path vfio) {
        List<String> options = new ArrayList<>(EmulatedGuest.SHARED_MEMORY);
        options.addAll(List.of(
                "-chardev",
                "socket,id=c0,path=" + vhost,
                "-device",
                "vhost-user-blk-pci,chardev=c0,num-queues=1,queue-size=256,packed=on,iommu_platform=on,disable-legacy=on",
                "-device",
                "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"" + vfio + "\"}}"));
        return options;
    }

    /** Has the guest read one of the disks; returns the figures. */
    Map<String, Double> run(String disk, GuestJob job, RunLength length) throws IOException, InterruptedException {
        card.goOn();
        try {
            guest.say(job.line(disk, length));
            return LoadServer.figures(guest.nextLine(length.with(PATIENCE)));
        } finally {
            card.hold();
        }
    }
}
