package dev.cipu.sim.model;

import dev.cipu.sim.link.LinkShape;
import dev.cipu.sim.ring.EngineShape;
import org.jspecify.annotations.Nullable;

/**
 * What a card takes for what it does: everything that the model knows of it. Times are in picoseconds.
 *
 * @param card its name
 * @param link null where the host's own cores do the work
 * @param shadowCrossings crossings between a bridge that keeps shadow rings and the server behind it; 0 without one
 */
public record Timing(
        String card,
        @Nullable LinkShape link,
        Memory memory,
        EngineShape engine,
        Engines engines,
        Network network,
        Storage storage,
        Interrupts interrupts,
        Host host,
        int shadowCrossings,
        long crossing) {
    /**
     * The host's memory.
     *
     * @param access from a request's arrival until its data is there, the median
     * @param tail how many times that the 99th percentile is
     * @param iotlbEntries pages that the IOMMU remembers, 0 where it does not translate
     * @param pageBytes bytes of such a page
     * @param missTime what looking up another one takes
     */
    public record Memory(long access, double tail, int iotlbEntries, long pageBytes, long missTime) {}

    /**
     * The engines that move payload.
     *
     * @param count how many there are
     * @param packetTime what one packet takes of one at least
     * @param bitsPerSecond what all of them move together
     */
    public record Engines(int count, long packetTime, double bitsPerSecond) {
        /** What so many bytes take of one engine. */
        long time(int bytes) {
            return Math.max(packetTime, Math.round(8e12 * bytes * count / bitsPerSecond));
        }
    }

    /**
     * The path of packets.
     *
     * @param uplinkBitsPerSecond of the cable
     * @param buffers packets that the card has room for
     * @param hardwareTime what a packet takes of the pipeline that knows flows
     * @param flows flows that it knows, 0 without one: then every packet goes through cores
     * @param cores cores that move packets
     * @param coreTime what one packet takes of one of them
     * @param detour what going through them adds to a packet's time besides
     * @param coreLink the way to them; null where they are the host's own, and packets are where they are
     */
    public record Network(
            double uplinkBitsPerSecond,
            int buffers,
            long hardwareTime,
            int flows,
            int cores,
            long coreTime,
            long detour,
            @Nullable CoreLink coreLink) {}

    /**
     * The way from a card's hardware to its cores.
     *
     * @param bitsPerSecond in each direction
     * @param headerBytes of a packet that take it, while the rest waits in the hardware; 0 if packets go whole
     * @param bufferBytes of such payload that there is room for
     */
    public record CoreLink(double bitsPerSecond, int headerBytes, long bufferBytes) {
        /** How long it takes such a packet, one way. */
        long time(int bytes) {
            return Math.round(8e12 * (headerBytes == 0 ? bytes : Math.min(bytes, headerBytes)) / bitsPerSecond);
        }
    }

    /**
     * The path of requests.
     *
     * @param onHost whether the host's cores move them, though there may be a card for packets
     * @param cores cores, or engines, that move requests
     * @param coreTime what one request takes of one of them
     * @param readTime of what is behind, the median
     * @param writeTime likewise
     * @param tail how many times the median the 99th percentile is
     * @param requestsPerSecond what is behind takes, at most
     * @param bytesPerSecond likewise
     */
    public record Storage(
            boolean onHost,
            int cores,
            long coreTime,
            long readTime,
            long writeTime,
            double tail,
            double requestsPerSecond,
            double bytesPerSecond) {
        /** How long what is behind is taken by a request, while it cannot begin another. */
        long slot(long bytes) {
            return Math.round(1e12 * Math.max(1 / requestsPerSecond, bytes / bytesPerSecond));
        }
    }

    /**
     * Interrupts. Those for requests do not wait.
     *
     * @param least from the write of the interrupt, or of the eventfd, to the guest's handler
     * @param most likewise
     * @param completions packets for which one is raised at once
     * @param patience for which fewer of them wait
     */
    public record Interrupts(long least, long most, int completions, long patience) {}

    /**
     * What the guest's own core does.
     *
     * @param packetTime to prepare or to take a packet
     * @param requestTime to prepare and to finish a request
     * @param doorbellTime to tell the device
     * @param handlerTime for an interrupt, besides what it finds
     */
    public record Host(long packetTime, long requestTime, long doorbellTime, long handlerTime) {}

    /** The timing of a path: without the link if the host's own cores serve it. */
    Timing serving(Workload.Kind kind) {
        return kind.isPacket() || !storage.onHost()
                ? this
                : new Timing(
                        card,
                        null,
                        memory,
                        engine,
                        engines,
                        network,
                        storage,
                        interrupts,
                        host,
                        shadowCrossings,
                        crossing);
    }

    /** The same, of a guest that takes no time, and with nothing behind that takes time to answer: the card alone. */
    Timing alone() {
        Storage immediate = new Storage(
                storage.onHost,
                storage.cores,
                storage.coreTime,
                0,
                0,
                1,
                storage.requestsPerSecond,
                storage.bytesPerSecond);
        return new Timing(
                card,
                link,
                memory,
                engine,
                engines,
                network,
                immediate,
                interrupts,
                new Host(0, 0, 0, 0),
                shadowCrossings,
                crossing);
    }

    /** Whether the host's own cores do the work. */
    public boolean onHost() {
        return link == null;
    }
}
