package dev.cipu.bench.record;

/**
 * One card under one load. The names are those of the JSON report and stay.
 *
 * @param offered frames a second that were to be sent, 0 for as many as come back
 * @param recording whether the card recorded
 * @param sent frames in the measured time
 * @param returned how many of them came back in it
 * @param delivered frames a second that came back
 * @param workerNanos that the card's worker was busy for each of them, there and back
 * @param transactions recorded: one for a frame's way out, one for its way back; and records that tell of losses
 * @param lost transactions for which there was no room between worker and recording thread
 * @param writerShare of a core that the recording thread took while frames passed
 * @param writerNanos of processor time that it took for a transaction, in the kernel, too
 * @param behindSeconds for which it still wrote after the last frame
 */
record Turn(
        long offered,
        boolean recording,
        long sent,
        long returned,
        double delivered,
        double workerNanos,
        long transactions,
        long lost,
        double writerShare,
        double writerNanos,
        double behindSeconds) {}
