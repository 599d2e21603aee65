package dev.cipu.shim.torture;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Link;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Peer;

/**
 * Who is attacked, and how one sees how it is. Owned by one thread.
 *
 * @param <E> what attacks on it are done by
 */
abstract class Victim<E extends Encounter> {
    private final Peer peer;
    private final DeviceKind kind;

    Victim(Peer peer, DeviceKind kind) {
        this.peer = peer;
        this.kind = kind;
    }

    final Peer peer() {
        return peer;
    }

    final DeviceKind kind() {
        return kind;
    }

    /** What to call it. */
    abstract String name();

    /** A round of an attack. */
    abstract E encounter();

    /** Whether a sound request of a fresh session is served. @throws LinkException if there is no session */
    abstract boolean serves();

    /** Why a fresh session is not served, or nothing. */
    final String illness() {
        try {
            return serves() ? "" : "a fresh session is not served";
        } catch (LinkException | IllegalStateException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Whether somebody takes connections. */
    final boolean listens() {
        try {
            Link.openNow(peer).close();
            return true;
        } catch (LinkException e) {
            // one whose backlog is full is alive and not well
            return String.valueOf(e.getMessage()).contains("EAGAIN");
        }
    }
}
