package dev.cipu.shim.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EventFdTest {
    private static final int F_SETFL = 4;

    @Test
    void countsSignals() {
        try (EventFd event = EventFd.create()) {
            assertThat(event.drain()).isZero();
            event.signal();
            event.signal();
            assertThat(event.drain()).isEqualTo(2);
            assertThat(event.drain()).isZero();
        }
    }

    @Test
    void aFullCounterDoesNotStopTheSignaller() {
        try (Arena arena = Arena.ofConfined();
                EventFd event = EventFd.create()) {
            MemorySegment maximum = arena.allocateFrom(ValueLayout.JAVA_LONG, -2L);
            assertThat(Posix.C.write(event.fd().number(), maximum.address(), Long.BYTES))
                    .isEqualTo(Long.BYTES);
            int blocking = 0;
            assertThat(Posix.C.fcntl(event.fd().number(), F_SETFL, blocking)).isZero();
            try (EventFd adopted = EventFd.adopt(event.fd().duplicate())) {
                adopted.signal();
            }
            assertThat(event.drain()).isEqualTo(-2L);
        }
    }

    @Test
    void adoptsNothingButEventfds() {
        Fd file = Fd.open(Path.of("/dev/null"), OpenFlag.READ_WRITE, 0);
        assertThatThrownBy(() -> EventFd.adopt(file)).isInstanceOf(IllegalArgumentException.class);
        assertThat(file.isOpen()).isFalse();
    }
}
