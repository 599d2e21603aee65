package dev.cipu.bench.process;

import java.util.List;

/**
 * What the matches of a comparison have in common.
 *
 * @param program the peer's
 * @param hostCore the core of the load
 * @param cardCore the core of the servers
 * @param only parts of the names of wanted cases, empty for all
 * @param hugePages whether there are huge pages for those that want them
 */
public record Setup(String program, int hostCore, int cardCore, List<String> only, boolean hugePages) {
    /** Our command line's class. */
    public static final String MAIN = "dev.cipu.shim.cli.Main";

    /** Whether a case is to be run. */
    public boolean wants(String caseName) {
        return only.isEmpty() || only.stream().anyMatch(caseName::contains);
    }
}
