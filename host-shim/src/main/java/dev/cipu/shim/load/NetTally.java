package dev.cipu.shim.load;

/** What came back to a network load. Owned by the load's thread. */
final class NetTally {
    long received;
    long foreign;
    long altered;
    String firstProblem = "";

    void altered(long sequence, int bytes) {
        altered++;
        if (firstProblem.isEmpty()) {
            firstProblem = "frame " + sequence + " came back altered, with " + bytes + " bytes";
        }
    }
}
