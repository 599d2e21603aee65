package dev.cipu.dataplane.blk;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.cipu.dataplane.Seed;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Fuzzing of block requests, on plain disks and on zoned ones. In a normal test run the fuzz test replays its seeds only;
 * {@code scripts/fuzz.sh BlkRequestFuzzTest [seconds]} lets a coverage-guided fuzzer find new inputs for it.
 */
class BlkRequestFuzzTest {
    private static final int RANDOM_SCRIPTS = 300;

    @FuzzTest
    void anyRequests(byte[] input) {
        BlkRequestScript.run(input);
    }

    /** The short regression: scripts of random bytes, of which a good part are requests that succeed. */
    @Test
    @Timeout(60)
    void randomScripts() {
        long seed = Seed.get();
        Random random = new Random(seed);
        int answered = 0;
        int good = 0;
        for (int i = 0; i < RANDOM_SCRIPTS; i++) {
            byte[] input = new byte[random.nextInt(600)];
            random.nextBytes(input);
            try {
                BlkRequestScript run = BlkRequestScript.run(input);
                answered += run.answered();
                good += run.good();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("script " + i + " of " + Seed.text(seed), e);
            }
        }
        assertThat(answered).isGreaterThan(RANDOM_SCRIPTS * 4);
        assertThat(good).isGreaterThan(RANDOM_SCRIPTS / 4);
    }
}
