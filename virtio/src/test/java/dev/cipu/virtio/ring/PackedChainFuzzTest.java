package dev.cipu.virtio.ring;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.cipu.virtio.Seed;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Fuzzing of packed rings. In a normal test run the fuzz test replays its seeds only; {@code scripts/fuzz.sh
 * PackedChainFuzzTest [seconds]} lets a coverage-guided fuzzer find new inputs for it.
 */
class PackedChainFuzzTest {
    private static final int RANDOM_SCRIPTS = 5_000;

    @FuzzTest
    void hostileDriver(byte[] input) {
        HostilePackedScript.run(input);
    }

    /** The short regression: scripts of random bytes, which reach both well-formed and broken chains. */
    @Test
    void randomScripts() {
        long seed = Seed.get();
        Random random = new Random(seed);
        long popped = 0;
        long violations = 0;
        long slowest = 0;
        for (int i = 0; i < RANDOM_SCRIPTS; i++) {
            byte[] input = new byte[random.nextInt(1000)];
            random.nextBytes(input);
            long start = System.nanoTime();
            try {
                HostilePackedScript run = HostilePackedScript.run(input);
                popped += run.popped();
                violations += run.violations();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("script " + i + " of " + Seed.text(seed), e);
            }
            slowest = Math.max(slowest, System.nanoTime() - start);
        }
        assertThat(popped).as("chains popped").isGreaterThan(RANDOM_SCRIPTS / 4);
        assertThat(violations).as("violations").isGreaterThan(RANDOM_SCRIPTS / 4);
        assertThat(Duration.ofNanos(slowest)).as("slowest script").isLessThan(Duration.ofSeconds(5));
    }
}
