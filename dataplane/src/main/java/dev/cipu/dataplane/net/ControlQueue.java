package dev.cipu.dataplane.net;

import dev.cipu.dataplane.journal.RecordLayout;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.net.control.NetControlCommands;
import dev.cipu.virtio.net.control.NetControlLayout;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.Virtqueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Serves a network device's control queue. A command is read once, done, and only then given back, so that a driver which sees its
 * ack sees its effect. {@code [virtio-1.4 §5.1.6.5]} Owner: the thread that owns the port.
 */
final class ControlQueue {
    /** Commands in a turn: a guest that sends nothing else must not hold up others. */
    private static final int BURST = 8;

    private final NetControlCommands commands;
    private final Runnable changed;
    private final Chain chain = new Chain();
    private final MemorySegment answer = MemorySegment.ofArray(new byte[NetControlLayout.COAL_BYTES + 1]);
    private int errors;
    private @Nullable ControlJournal journal;

    /**
     * @param changed runs after commands, before their driver can see that they are done
     */
    ControlQueue(NetControlCommands commands, Runnable changed) {
        this.commands = commands;
        this.changed = changed;
    }

    /** From now on commands are recorded, or no more. */
    void journal(@Nullable ControlJournal journal) {
        this.journal = journal;
    }

    /**
     * Does the commands that wait, and releases them.
     *
     * @return how many there were
     */
    int serve(Virtqueue queue) {
        int count = 0;
        errors = 0;
        try {
            while (count < BURST && queue.pop(chain)) {
                count++;
                if (journal != null) {
                    journal.popped();
                }
                queue.push(chain.head(), answer());
                chain.trim();
            }
        } finally {
            if (count > 0) {
                changed.run();
                queue.release();
                if (journal != null) {
                    journal.release();
                }
            }
        }
        return count;
    }

    /** Of the commands last served, those that were not done. */
    int errors() {
        return errors;
    }

    /** Does the command in the chain; returns the bytes written. */
    private int answer() {
        long room = chain.writableBytes();
        if (room == 0) {
            errors++;
            record(RecordLayout.NO_STATUS, 0);
            return 0;
        }
        long length = chain.readableBytes();
        chain.read(0, commands.memory(), 0, (int) Math.min(length, NetControlLayout.MAX_BYTES));
        int reply = commands.replyBytes(length);
        int ack = reply < room ? commands.run(length) : NetControlLayout.ERR;
        int ackAt = (int) Math.min(reply, room - 1);
        if (ack != NetControlLayout.OK) {
            errors++;
        }
        answer.set(Le.LONG_UNALIGNED, 0, ack == NetControlLayout.OK ? commands.reply() : 0);
        answer.set(ValueLayout.JAVA_BYTE, ackAt, (byte) ack);
        chain.write(0, answer, 0, ackAt + 1);
        record(ack, ackAt + 1);
        return ackAt + 1;
    }

    private void record(int status, int written) {
        if (journal != null) {
            journal.answered(chain, commands.memory(), status, written);
        }
    }
}
