package dev.cipu.shim.load;

/**
 * Which frames are on their way. It remembers the last {@link #ROOM} numbers; a frame that is still missing when its
 * place is needed again is lost. Owned by the load's thread; allocates nothing after construction.
 */
final class FrameLedger {
    static final int ROOM = 1 << 16;

    private static final byte FREE = 0;
    private static final byte AWAY = 1;
    private static final byte GIVEN_UP = 2;

    private final long[] number = new long[ROOM];
    private final long[] sentAt = new long[ROOM];
    private final byte[] state = new byte[ROOM];
    private long next;
    private int away;
    private long highest = -1;

    private long lost;
    private long duplicated;
    private long reordered;

    /** A frame leaves now; returns its number. */
    long issue(long time) {
        long sequence = next++;
        int place = (int) sequence & (ROOM - 1);
        if (state[place] == AWAY) {
            lost++;
            away--;
        }
        number[place] = sequence;
        sentAt[place] = time;
        state[place] = AWAY;
        away++;
        return sequence;
    }

    /**
     * A frame with this number came back.
     *
     * @return when it left, or -1 if it was not expected
     */
    long returned(long sequence) {
        int place = (int) sequence & (ROOM - 1);
        if (number[place] != sequence || state[place] == FREE || sequence >= next) {
            duplicated++;
            return -1;
        }
        if (state[place] == GIVEN_UP) {
            lost--;
        } else {
            away--;
        }
        state[place] = FREE;
        if (sequence < highest) {
            reordered++;
        } else {
            highest = sequence;
        }
        return sentAt[place];
    }

    /** Frames sent and neither back nor given up. */
    int away() {
        return away;
    }

    /** Counts every frame that is away as lost, for now. */
    void giveUp() {
        for (int place = 0; away > 0 && place < ROOM; place++) {
            if (state[place] == AWAY) {
                state[place] = GIVEN_UP;
                away--;
                lost++;
            }
        }
    }

    /** Forgets the losses so far, and the frames they were. */
    void forgive() {
        for (int place = 0; place < ROOM; place++) {
            state[place] = FREE;
            number[place] = -1;
        }
        away = 0;
        lost = 0;
        reordered = 0;
    }

    /** Frames numbered so far. */
    long issued() {
        return next;
    }

    long lost() {
        return lost;
    }

    /** Frames that came back twice, or under a number that was never sent. */
    long duplicated() {
        return duplicated;
    }

    /** Frames that came back after one that was sent later. */
    long reordered() {
        return reordered;
    }
}
