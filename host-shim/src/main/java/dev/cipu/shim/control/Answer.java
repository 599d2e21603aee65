package dev.cipu.shim.control;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a card says to a request, as one line of JSON.
 *
 * @param error one line for the user, null if it was done
 * @param cause what kind of error it is
 * @param devices those that the request is about
 * @param asked of an announcement: whether the guest's driver makes it
 */
public record Answer(
        @Nullable String error,
        @Nullable Cause cause,
        List<DeviceView> devices,
        @Nullable Boolean asked) {
    /** Whose mistake an error is. */
    public enum Cause {
        /** The request makes no sense. */
        USAGE,
        /** Something that it needs is missing or taken. */
        MISSING,
        /** The card's own. */
        FAILED
    }

    static Answer done(List<DeviceView> devices) {
        return new Answer(null, null, devices, null);
    }

    static Answer announced(boolean asked) {
        return new Answer(null, null, List.of(), asked);
    }

    static Answer refused(Cause cause, Exception why) {
        return refused(cause, why.getMessage() == null ? why.toString() : why.getMessage());
    }

    static Answer refused(Cause cause, String error) {
        return new Answer(error.strip().replaceAll("\\s*\\R\\s*", "; "), cause, List.of(), null);
    }
}
