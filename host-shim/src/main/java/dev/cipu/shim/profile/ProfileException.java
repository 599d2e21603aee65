package dev.cipu.shim.profile;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A card's profile makes no sense, or there is none of that name. The message is for the user: one line that says how to mend it. */
public final class ProfileException extends IllegalArgumentException {
    @Serial
    private static final long serialVersionUID = 1;

    ProfileException(String message) {
        super(message);
    }

    ProfileException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
