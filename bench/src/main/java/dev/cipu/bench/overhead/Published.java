package dev.cipu.bench.overhead;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Figures of others, each with its source.
 *
 * @param figures by themselves
 * @param instances what is sold
 */
record Published(List<Value> figures, List<Instance> instances) {
    /**
     * A figure.
     *
     * @param id in the ledger
     */
    record Value(String id, String title, double value, String unit, String source) {}

    /**
     * A size of instance and what it may use at most.
     *
     * @param vcpus cores that it is sold with
     * @param queues queue pairs, and request queues, that share its limits
     */
    record Instance(int vcpus, double packetsPerSecond, double iops, int queues, String source) {
        String id(String what) {
            return "published/instance-" + vcpus + "-" + what;
        }
    }

    /** Those that come with the program. */
    static Published read() {
        try (InputStream in = Published.class.getResourceAsStream("published.yaml")) {
            return YAMLMapper.builder().build().readValue(in, Published.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The instance with so many cores.*/
    Instance instance(int vcpus) {
        return instances.stream()
                .filter(each -> each.vcpus() == vcpus)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no instance has " + vcpus + " cores; there are "
                        + instances.stream().map(Instance::vcpus).toList()));
    }

    /** Enters all of them. */
    void enter(Ledger ledger) {
        for (Value each : figures) {
            ledger.published(each.id(), each.title(), each.value(), each.unit(), each.source());
        }
        for (Instance each : instances) {
            String of = " of an instance with " + each.vcpus() + " cores";
            ledger.published(each.id("vcpus"), "Cores" + of, each.vcpus(), "cores", each.source());
            ledger.published(
                    each.id("packets"), "Packet limit" + of, each.packetsPerSecond(), "packets/s", each.source());
            ledger.published(each.id("queues"), "Queues" + of, each.queues(), "", each.source());
            ledger.published(each.id("iops"), "I/O limit" + of, each.iops(), "I/Os/s", each.source());
        }
    }
}
