package dev.cipu.bench.card;

import dev.cipu.bench.machine.Median;
import dev.cipu.bench.process.Children;
import dev.cipu.shim.vhost.frontend.FrontEnd;
import dev.cipu.shim.vhost.frontend.FrontEndSpec;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A card that has nothing to do.
 *
 * @param functions how many it has: of four in turn, a network device and a disk over vhost-user, then both over vfio-user
 * @param connected how many of those over vhost-user have a driver
 */
record IdleCard(String name, int functions, int connected, String idle) {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Until a back-off has got to its longest pause and the collector to what the start left behind. */
    private static final Duration SETTLING = Duration.ofSeconds(3);

    private static final int QUEUE_SIZE = 256;
    private static final int KINDS = 4;

    Footprint measure(Children children, Path script, int core, int seconds) throws IOException, InterruptedException {
        Path folder = children.folder();
        Path config = folder.resolve("card.yaml");
        Files.writeString(config, description(folder));
        CardChild card = CardChild.start(
                children,
                script,
                core,
                functions,
                List.of(
                        "--config",
                        config.toString(),
                        "--cores",
                        Integer.toString(core),
                        "--idle",
                        idle,
                        "--stats",
                        folder.resolve("counters").toString()));
        List<FrontEnd> drivers = new ArrayList<>();
        try {
            for (int i = 0; drivers.size() < connected; i++) {
                if (i % KINDS < 2) {
                    drivers.add(driver(folder, i));
                }
            }
            Thread.sleep(SETTLING);
            long cpu = card.cpuNanos();
            long start = System.nanoTime();
            Thread.sleep(Duration.ofSeconds(seconds));
            double share = (double) (card.cpuNanos() - cpu) / (System.nanoTime() - start);
            return new Footprint(
                    name,
                    functions,
                    connected,
                    card.residentBytes(),
                    card.threads(),
                    card.descriptors(),
                    Median.rounded(share * 100, 3));
        } finally {
            drivers.forEach(FrontEnd::close);
            card.end();
        }
    }

    private static Path socket(Path folder, int index) {
        return folder.resolve("f" + index);
    }

    private String description(Path folder) {
        StringBuilder text = new StringBuilder("stores: {void: \"null:1G\"}\ndevices:\n");
        for (int i = 0; i < functions; i++) {
            text.append("  - {kind: ")
                    .append(isNet(i) ? "net" : "blk, store: void")
                    .append(", socket: ")
                    .append(socket(folder, i))
                    .append(i % KINDS < 2 ? "" : ", transport: vfio-user")
                    .append("}\n");
        }
        return text.toString();
    }

    private static boolean isNet(int index) {
        return index % 2 == 0;
    }

    private static FrontEnd driver(Path folder, int index) {
        FrontEnd driver = FrontEnd.open(new FrontEndSpec(
                socket(folder, index),
                false,
                FeatureSet.of(RingFeature.VERSION_1),
                QUEUE_SIZE,
                0,
                isNet(index) ? 2 : 1,
                1 << 16,
                false,
                0,
                PATIENCE));
        driver.start(isNet(index) ? 2 : 1);
        return driver;
    }
}
