package dev.cipu.shim.control;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;

/** Asks a running card. */
public final class ControlClient {
    /** A disk is detached when its store has answered what was asked of it, which may take a while. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Path socket;
    private final Duration patience;

    public ControlClient(Path socket) {
        this(socket, PATIENCE);
    }

    ControlClient(Path socket, Duration patience) {
        this.socket = socket;
        this.patience = patience;
    }

    /**
     * Has the card do something.
     *
     * @throws ControlException if it does not, or cannot be reached
     */
    public Answer ask(Request request) {
        String line = ClientLines.write(request);
        Answer answer;
        try (JsonLines connection = JsonLines.connect(socket)) {
            connection.send(line, patience);
            answer = ClientLines.read(connection.next(patience));
        } catch (InterruptedIOException e) {
            throw new ControlException(
                    Answer.Cause.FAILED, "the card at " + socket + " does not answer; see its log", e);
        } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
            throw new ControlException(
                    Answer.Cause.MISSING,
                    "no card answers at " + socket + " (" + e.getMessage() + "); start one with 'cipu serve --control "
                            + socket + "'",
                    e);
        }
        if (answer.error() != null) {
            throw new ControlException(
                    answer.cause() == null ? Answer.Cause.FAILED : answer.cause(), answer.error(), null);
        }
        return answer;
    }
}
