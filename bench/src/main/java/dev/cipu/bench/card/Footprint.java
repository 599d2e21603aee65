package dev.cipu.bench.card;

/**
 * What a card took while nothing happened.
 *
 * @param connected functions with a driver that has started its queues and asks for nothing
 * @param percentOfACore processor time of all its threads
 */
public record Footprint(
        String name,
        int functions,
        int connected,
        long residentBytes,
        long threads,
        long descriptors,
        double percentOfACore) {}
