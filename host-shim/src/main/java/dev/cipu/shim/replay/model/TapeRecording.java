package dev.cipu.shim.replay.model;

import dev.cipu.shim.replay.Contents;
import dev.cipu.shim.replay.Tape;
import dev.cipu.shim.trace.Transaction;
import dev.cipu.sim.event.Picos;
import dev.cipu.sim.model.Operation;
import dev.cipu.sim.model.RecordedQueue;
import dev.cipu.sim.model.Recording;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** A tape as the model reads it: queues by their places, times in picoseconds. */
final class TapeRecording implements Recording {
    private final Tape tape;
    private final long[] keys;

    /** Of the frame at hand. */
    private final MemorySegment headers = MemorySegment.ofArray(new byte[FrameFlow.LOOKED_AT]);

    /** @param contents of the same trace; the model's queues are in its order */
    TapeRecording(Tape tape, Contents contents) {
        this.tape = tape;
        keys = contents.queues().stream().mapToLong(Contents.Queue::key).toArray();
        if (!isSorted(keys)) {
            throw new IllegalArgumentException("queues are not in the order of their keys");
        }
    }

    private static boolean isSorted(long[] keys) {
        for (int i = 1; i < keys.length; i++) {
            if (keys[i - 1] >= keys[i]) {
                return false;
            }
        }
        return true;
    }

    /** The model's queues. */
    static List<RecordedQueue> queues(Contents contents) {
        return contents.queues().stream()
                .map(each -> new RecordedQueue(use(each.operation()), Math.max(1, each.longest())))
                .toList();
    }

    private static RecordedQueue.Use use(Operation operation) {
        return switch (operation) {
            case SEND -> RecordedQueue.Use.TRANSMIT;
            case RECEIVE -> RecordedQueue.Use.RECEIVE;
            case READ, WRITE, FLUSH, DISCARD -> RecordedQueue.Use.REQUESTS;
        };
    }

    /** A trace that still grows may have more by now: only what was counted is replayed. */
    @Override
    public boolean next() {
        while (tape.next()) {
            if (queue() >= 0) {
                return true;
            }
        }
        return false;
    }

    @Override
    public long time() {
        return tape.due() * Picos.NANO;
    }

    @Override
    public int queue() {
        return Arrays.binarySearch(keys, Contents.key(tape.transaction(), tape.operation()));
    }

    @Override
    public Operation operation() {
        return tape.operation();
    }

    @Override
    public int bytes() {
        return tape.bytes();
    }

    @Override
    public int flow() {
        if (!operation().isFrame()) {
            return 0;
        }
        Transaction transaction = tape.transaction();
        int bytes = Math.min(transaction.captured(), FrameFlow.LOOKED_AT);
        transaction.copyTo(headers, 0, bytes);
        return FrameFlow.of(headers, bytes, transaction.queue());
    }
}
