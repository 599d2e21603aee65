package dev.cipu.shim.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class EpollBellTest {
    private static final long LONG = TimeUnit.SECONDS.toNanos(15);

    @TempDir
    Path folder;

    @Test
    void aRingBeforeTheWaitIsNotLost() {
        try (EpollBell bell = new EpollBell()) {
            bell.ring();
            assertThat(waited(bell, LONG)).isLessThan(LONG / 3);
        }
    }

    @Test
    void everyKickWakesAlthoughNobodyReadsTheOneBefore() {
        try (EpollBell bell = new EpollBell();
                EventFd kick = EventFd.create()) {
            assertThat(bell.add(kick.fd())).isTrue();
            for (int i = 0; i < 3; i++) {
                kick.signal();
                assertThat(waited(bell, LONG)).isLessThan(LONG / 3);
                assertThat(waited(bell, 3_000_000)).isGreaterThan(2_000_000);
            }
        }
    }

    @Test
    void aKickThatWasPendingWhenAddedWakes() {
        try (EpollBell bell = new EpollBell();
                EventFd kick = EventFd.create()) {
            kick.signal();
            bell.add(kick.fd());
            assertThat(waited(bell, LONG)).isLessThan(LONG / 3);
        }
    }

    @Test
    void aRemovedKickIsSilentEvenWhileThePeerHoldsIt() {
        try (EpollBell bell = new EpollBell();
                EventFd peers = EventFd.create()) {
            Fd ours = peers.fd().duplicate();
            bell.add(ours);
            bell.remove(ours.number());
            ours.close();
            peers.signal();
            assertThat(waited(bell, 5_000_000)).isGreaterThan(4_000_000);
        }
    }

    @Test
    void aRegularFileCannotBeWatched() {
        try (EpollBell bell = new EpollBell();
                Fd file = Fd.open(folder.resolve("f"), OpenFlag.READ_WRITE | OpenFlag.CREATE, 0600)) {
            assertThat(bell.add(file)).isFalse();
        }
    }

    @Test
    void anotherThreadsRingWakes() throws Exception {
        try (EpollBell bell = new EpollBell()) {
            Thread sleeper = Thread.ofPlatform().start(() -> bell.await(LONG));
            bell.ring();
            sleeper.join(TimeUnit.SECONDS.toMillis(5));
            assertThat(sleeper.isAlive()).isFalse();
        }
    }

    private static long waited(EpollBell bell, long maxNanos) {
        long start = System.nanoTime();
        bell.await(maxNanos);
        return System.nanoTime() - start;
    }
}
