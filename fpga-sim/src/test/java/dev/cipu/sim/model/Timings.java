package dev.cipu.sim.model;

import dev.cipu.sim.link.LinkShape;
import dev.cipu.sim.ring.EngineShape;

/** Timings for tests, of round figures. */
final class Timings {
    static final double UPLINK = 200e9;

    private Timings() {}

    /** A card with eight cores of 2.25 Mpps behind a Gen4 x16 link. */
    static Timing card() {
        return card(link(256), 64);
    }

    static LinkShape link(int tags) {
        return new LinkShape(4, 16, 200_000, 256, 512, 64, tags, 64, 16384, 8);
    }

    static Timing card(LinkShape link, int iotlbEntries) {
        return new Timing(
                "test",
                link,
                new Timing.Memory(150_000, 1.5, iotlbEntries, 4096, 330_000),
                engine(),
                new Timing.Engines(2, 16_000, 200e9),
                new Timing.Network(UPLINK, 1024, 1_000_000 / 24, 0, 8, 444_444, 0, null),
                new Timing.Storage(false, 4, 500_000, 75_000_000, 15_000_000, 1.3, 20e6, 40e9),
                new Timing.Interrupts(0, 1_000_000, 32, 8_000_000),
                new Timing.Host(60_000, 1_500_000, 80_000, 600_000),
                0,
                200_000);
    }

    /** Eight cores of the host that take 667 ns a packet. */
    static Timing host() {
        return new Timing(
                "host",
                null,
                new Timing.Memory(150_000, 1.5, 0, 4096, 0),
                engine(),
                new Timing.Engines(1, 0, Double.POSITIVE_INFINITY),
                new Timing.Network(20e9, 1024, 0, 0, 8, 666_667, 0, null),
                new Timing.Storage(true, 4, 7_727_000, 75_000_000, 15_000_000, 1.3, 20e6, 40e9),
                new Timing.Interrupts(5_000_000, 12_000_000, 32, 8_000_000),
                new Timing.Host(60_000, 1_500_000, 1_500_000, 600_000),
                0,
                0);
    }

    static EngineShape engine() {
        return new EngineShape(16, 4, 8, 500_000, 16, false);
    }
}
