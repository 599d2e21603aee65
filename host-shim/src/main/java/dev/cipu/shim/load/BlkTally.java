package dev.cipu.shim.load;

/** What went wrong in a load, and how much was checked. Owned by the load's thread. */
final class BlkTally {
    long errors;
    long verifyErrors;
    long verified;
    String firstProblem = "";

    void error(String problem) {
        errors++;
        note(problem);
    }

    void mismatch(String problem) {
        verifyErrors++;
        note(problem);
    }

    private void note(String problem) {
        if (firstProblem.isEmpty()) {
            firstProblem = problem;
        }
    }
}
