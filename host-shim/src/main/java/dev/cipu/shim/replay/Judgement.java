package dev.cipu.shim.replay;

import dev.cipu.shim.trace.Transaction;
import dev.cipu.sim.model.Operation;
import dev.cipu.sim.model.Replay;
import dev.cipu.virtio.blk.BlkRequest;
import org.jspecify.annotations.Nullable;

/** What a transaction of a trace is to a replay: an operation, or nothing for a reason, or a part of another one. */
final class Judgement {
    private @Nullable Operation operation;
    private @Nullable LeftOut reason;

    /** Looks at a transaction, which is no loss. */
    void of(Transaction each) {
        operation = null;
        reason = null;
        switch (each.kind()) {
            case CONTROL -> reason = LeftOut.COMMAND;
            case TRANSMIT, RECEIVE -> frame(each);
            case BLOCK -> request(each);
            case LOSS -> throw new IllegalArgumentException("a loss is no transaction");
        }
        if (operation != null && each.length() > Replay.MOST_BYTES) {
            operation = null;
            reason = LeftOut.TOO_LONG;
        }
    }

    private void frame(Transaction each) {
        if (each.hasFrame()) {
            operation = each.kind() == Transaction.Kind.TRANSMIT ? Operation.SEND : Operation.RECEIVE;
        } else if (!each.isContinued()) {
            reason = LeftOut.DROPPED;
        }
    }

    private void request(Transaction each) {
        operation = switch (each.operation()) {
            case BlkRequest.IN -> Operation.READ;
            case BlkRequest.OUT, BlkRequest.ZONE_APPEND -> Operation.WRITE;
            case BlkRequest.FLUSH -> Operation.FLUSH;
            case BlkRequest.DISCARD, BlkRequest.WRITE_ZEROES, BlkRequest.SECURE_ERASE -> Operation.DISCARD;
            default -> null;
        };
        if (operation == null) {
            reason = LeftOut.OTHER;
        } else if (each.status() != BlkRequest.OK) {
            operation = null;
            reason = LeftOut.FAILED;
        }
    }

    /** Null if it is not replayed. */
    @Nullable
    Operation operation() {
        return operation;
    }

    /** Why it is not; null if it is, or is a part of another. */
    @Nullable
    LeftOut reason() {
        return reason;
    }
}
