package dev.cipu.shim.control;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.FdBundle;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** One client of a {@link ControlServer}: a line is a request, and gets a line as its answer. */
final class ControlSession implements AutoCloseable {
    /** How long a client may leave its answers unread. */
    private static final Duration SEND_PATIENCE = Duration.ofSeconds(1);

    private final UnixSocket socket;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment line = arena.allocate(Request.MOST_BYTES);
    private int filled;
    private long heardAt;

    ControlSession(UnixSocket socket, long now) {
        this.socket = socket;
        heardAt = now;
        socket.sendTimeout(SEND_PATIENCE);
    }

    Fd fd() {
        return socket.fd();
    }

    long heardAt() {
        return heardAt;
    }

    /**
     * Takes what has come in.
     *
     * @return whether the connection goes on
     */
    boolean serve(CardControl control, long now) {
        heardAt = now;
        // descriptors that come along are of no use here
        try (FdBundle refused = new FdBundle(0)) {
            int n = socket.receive(line.asSlice(filled), refused, Duration.ZERO);
            if (n == UnixSocket.TIMED_OUT) {
                return true;
            }
            if (n == 0 || refused.isOverfull()) {
                return false;
            }
            filled += n;
            return answerLines(control);
        } catch (PosixException e) {
            return false;
        }
    }

    private boolean answerLines(CardControl control) {
        int from = 0;
        for (int i = 0; i < filled; i++) {
            if (line.get(ValueLayout.JAVA_BYTE, i) == '\n') {
                send(answer(control, line.asSlice(from, i - from)));
                from = i + 1;
            }
        }
        filled -= from;
        MemorySegment.copy(line, from, line, 0, filled);
        if (filled == line.byteSize()) {
            send(ControlServer.tooLong());
            return false;
        }
        return true;
    }

    private static Answer answer(CardControl control, MemorySegment bytes) {
        ByteBuffer text = ByteBuffer.wrap(bytes.toArray(ValueLayout.JAVA_BYTE));
        try {
            return control.answer(
                    StandardCharsets.UTF_8.newDecoder().decode(text).toString());
        } catch (CharacterCodingException e) {
            return Answer.refused(Answer.Cause.USAGE, "a request that is not UTF-8");
        }
    }

    private void send(Answer answer) {
        byte[] text = (CardLines.write(answer) + "\n").getBytes(StandardCharsets.UTF_8);
        try (Arena sending = Arena.ofConfined()) {
            MemorySegment bytes = sending.allocate(text.length);
            MemorySegment.copy(text, 0, bytes, ValueLayout.JAVA_BYTE, 0, text.length);
            socket.send(bytes);
        }
    }

    @Override
    public void close() {
        socket.close();
        arena.close();
    }
}
