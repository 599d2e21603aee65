package dev.cipu.dataplane.blk;

import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkZone;
import dev.cipu.virtio.blk.ZoneTraits;
import java.lang.foreign.MemorySegment;

/**
 * The zones of one disk: states, write pointers, and what they allow. {@code [virtio-1.4 §5.2.6]} Decides only; data is
 * moved by whoever asked, who says afterwards that it is done.
 *
 * <p>Any number of workers may use it: a lock guards all of it, held for some comparisons and never while anything waits.
 * A write takes its sectors when it is submitted, so that the next one finds the pointer behind it. A reset waits until no
 * write to its zone is in flight, and writes wait until it is done.
 *
 * <p>Sectors are units of 512 bytes; answers are statuses of {@link BlkRequest} or {@link #WAIT}.
 */
public final class Zones {
    /** Not now; ask again later. */
    static final int WAIT = 100;

    /** The zone is being reset: erase its sectors, then call {@link #endReset}. */
    static final int ERASE = 101;

    /** Most zones of a disk: what the table of them may cost. */
    public static final int MOST = 1 << 20;

    private static final int NOBODY = -1;

    private final ZoneTraits traits;
    private final long sectors;
    private final int count;
    private final int conventional;
    private final ZoneLog log;

    private final byte[] state;

    /** Sectors from a zone's start up to its write pointer; of a full zone, up to where it was written. */
    private final int[] written;

    /** Writes in flight. */
    private final int[] writing;

    private final boolean[] resetting;

    private final WriteOrder implicitlyOpen;

    private int open;
    private int active;

    /**
     * @param sectors capacity of the disk
     * @param table what is known from before; zones that were open are closed now
     * @throws IllegalArgumentException if there are too many zones, or the table holds what no zone can be
     */
    public Zones(ZoneTraits traits, long sectors, ZoneTable table) {
        long zones = (sectors + traits.zoneSectors() - 1) / traits.zoneSectors();
        if (!traits.isZoned() || zones > MOST || traits.conventional() > zones) {
            throw new IllegalArgumentException(zones + " zones, " + traits.conventional() + " of them conventional");
        }
        this.traits = traits;
        this.sectors = sectors;
        log = new ZoneLog(table);
        count = (int) zones;
        conventional = traits.conventional();
        state = new byte[count];
        written = new int[count];
        writing = new int[count];
        resetting = new boolean[count];
        implicitlyOpen = new WriteOrder(count);
        for (int zone = conventional; zone < count; zone++) {
            state[zone] = log.state(zone, size(zone));
            written[zone] = log.written(zone, size(zone));
            active += state[zone] == BlkZone.CLOSED ? 1 : 0;
        }
    }

    /** The word that a table keeps for a full zone: for a disk that had data before it had zones. */
    public static long fullWord(long zoneSectors) {
        return ZoneLog.word(zoneSectors, BlkZone.FULL);
    }

    private void save(int zone) {
        log.save(zone, written[zone], state[zone]);
    }

    /** Makes all that was decided survive a power failure; may wait for the disk that the table is on. */
    public boolean sync() {
        return log.sync();
    }

    public ZoneTraits traits() {
        return traits;
    }

    public int count() {
        return count;
    }

    /** First sector of a zone. */
    public long start(int zone) {
        return (long) zone * traits.zoneSectors();
    }

    /** Sectors of a zone. */
    public long size(int zone) {
        return Math.min(traits.zoneSectors(), sectors - start(zone));
    }

    private int zoneOf(long sector) {
        return (int) (sector / traits.zoneSectors());
    }

    /** The sequential zone that begins at this sector, or -1. */
    int sequentialAt(long sector) {
        if (sector < 0 || sector >= sectors || sector % traits.zoneSectors() != 0) {
            return NOBODY;
        }
        int zone = zoneOf(sector);
        return zone < conventional ? NOBODY : zone;
    }

    /** Whether a sector, which is not negative, is one of this disk. */
    boolean has(long sector) {
        return sector < sectors;
    }

    /** Whether zones {@code first} up to but without {@code end} are sequential and none has failed. */
    synchronized boolean canReset(int first, int end) {
        for (int zone = first; zone < end; zone++) {
            if (zone < conventional || state[zone] == BlkZone.READ_ONLY || state[zone] == BlkZone.OFFLINE) {
                return false;
            }
        }
        return true;
    }

    /** Whether a range reaches into a sequential zone. */
    boolean isSequential(long sector, long length) {
        return sector + length > start(conventional);
    }

    int conventional() {
        return conventional;
    }

    // --- data ---

    /**
     * How much of a read the store has to answer: the rest, at its end, is unwritten and reads as zeroes.
     *
     * @param length at least 1; the range is inside the disk
     * @return sectors, or a status made negative
     */
    synchronized long read(long sector, long length) {
        int first = zoneOf(sector);
        int last = zoneOf(sector + length - 1);
        for (int zone = first; zone <= last; zone++) {
            if (state[zone] == BlkZone.OFFLINE) {
                return -BlkRequest.ZONE_INVALID_CMD;
            }
        }
        if (!traits.isHostManaged() || last < conventional) {
            // what was not written is zeroes in the store
            return length;
        }
        if (first != last) {
            return -BlkRequest.ZONE_INVALID_CMD;
        }
        return Math.clamp(start(first) + written[first] - sector, 0, length);
    }

    /**
     * Takes sectors for a write. If the answer is {@link BlkRequest#OK}, {@link #wrote} has to follow.
     *
     * @param length at least 1; the range is inside the disk and not only in conventional zones
     */
    synchronized int write(long sector, long length) {
        int first = zoneOf(sector);
        int last = zoneOf(sector + length - 1);
        if (!traits.isHostManaged()) {
            return writeAnywhere(first, last, sector + length);
        }
        if (first != last) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        if (resetting[first]) {
            return WAIT;
        }
        if (!isWritable(state[first])) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        if (sector != start(first) + written[first] || isRagged(sector + length)) {
            return BlkRequest.ZONE_UNALIGNED_WP;
        }
        return take(first, length);
    }

    /**
     * Takes sectors at the write pointer. {@link #wrote} has to follow if the answer is a sector.
     *
     * @param zone a sequential one
     * @param length at least 1
     * @return the first sector, or -1 less an answer
     */
    synchronized long append(int zone, long length) {
        if (resetting[zone]) {
            return -1L - WAIT;
        }
        long at = start(zone) + written[zone];
        int status = isWritable(state[zone])
                ? isRagged(at + length) ? BlkRequest.ZONE_UNALIGNED_WP : take(zone, length)
                : BlkRequest.ZONE_INVALID_CMD;
        return status == BlkRequest.OK ? at : -1L - status;
    }

    private boolean isRagged(long end) {
        return (end * BlkRequest.SECTOR_BYTES & traits.writeGranularity() - 1) != 0;
    }

    private static boolean isWritable(byte state) {
        return state >= BlkZone.EMPTY && state <= BlkZone.CLOSED;
    }

    private int take(int zone, long length) {
        if (length > size(zone) - written[zone]) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        if (state[zone] == BlkZone.EMPTY || state[zone] == BlkZone.CLOSED) {
            int room = makeRoom(zone);
            if (room != BlkRequest.OK) {
                return room;
            }
            enter(zone, BlkZone.IMPLICITLY_OPEN);
        } else if (state[zone] == BlkZone.IMPLICITLY_OPEN) {
            implicitlyOpen.remove(zone);
            implicitlyOpen.add(zone);
        }
        advance(zone, written[zone] + (int) length);
        return BlkRequest.OK;
    }

    private void advance(int zone, int pointer) {
        written[zone] = pointer;
        writing[zone]++;
        if (pointer == size(zone)) {
            enter(zone, BlkZone.FULL);
        }
        save(zone);
    }

    private int writeAnywhere(int first, int last, long end) {
        for (int zone = Math.max(first, conventional); zone <= last; zone++) {
            if (state[zone] == BlkZone.READ_ONLY || state[zone] == BlkZone.OFFLINE) {
                return BlkRequest.ZONE_INVALID_CMD;
            }
            if (resetting[zone]) {
                return WAIT;
            }
        }
        for (int zone = Math.max(first, conventional); zone <= last; zone++) {
            if (state[zone] == BlkZone.EMPTY || state[zone] == BlkZone.CLOSED) {
                enter(zone, BlkZone.IMPLICITLY_OPEN);
            }
            advance(zone, (int) Math.max(written[zone], Math.min(end - start(zone), size(zone))));
        }
        return BlkRequest.OK;
    }

    /**
     * A write has ended.
     *
     * @param good whether its data is there; if not, the pointer goes back, unless another write has followed already
     */
    synchronized void wrote(long sector, long length, boolean good) {
        int last = zoneOf(sector + length - 1);
        for (int zone = Math.max(zoneOf(sector), conventional); zone <= last; zone++) {
            writing[zone]--;
        }
        if (good || !traits.isHostManaged() || written[last] != sector + length - start(last)) {
            return;
        }
        written[last] = (int) (sector - start(last));
        if (state[last] == BlkZone.CLOSED && written[last] == 0) {
            enter(last, BlkZone.EMPTY);
        }
        save(last);
    }

    // --- states ---

    private static boolean isOpen(byte state) {
        return state == BlkZone.IMPLICITLY_OPEN || state == BlkZone.EXPLICITLY_OPEN;
    }

    private static boolean isActive(byte state) {
        return isOpen(state) || state == BlkZone.CLOSED;
    }

    private void enter(int zone, byte next) {
        byte was = state[zone];
        if (was == next) {
            return;
        }
        open += (isOpen(next) ? 1 : 0) - (isOpen(was) ? 1 : 0);
        active += (isActive(next) ? 1 : 0) - (isActive(was) ? 1 : 0);
        if (was == BlkZone.IMPLICITLY_OPEN) {
            implicitlyOpen.remove(zone);
        }
        state[zone] = next;
        if (next == BlkZone.IMPLICITLY_OPEN) {
            implicitlyOpen.add(zone);
        }
    }

    /** Sees to it that an empty or closed zone can be opened; may close one that was opened implicitly. */
    private int makeRoom(int zone) {
        // [virtio-1.4 §5.2.6] if both are lacking, it is the active ones that are reported
        if (state[zone] == BlkZone.EMPTY && traits.maxActive() > 0 && active >= traits.maxActive()) {
            return BlkRequest.ZONE_ACTIVE_RESOURCE;
        }
        if (traits.maxOpen() == 0 || open < traits.maxOpen()) {
            return BlkRequest.OK;
        }
        int victim = implicitlyOpen.oldest();
        if (victim == WriteOrder.NOBODY) {
            return BlkRequest.ZONE_OPEN_RESOURCE;
        }
        close(victim);
        return BlkRequest.OK;
    }

    private void close(int zone) {
        enter(zone, written[zone] == 0 ? BlkZone.EMPTY : BlkZone.CLOSED);
        save(zone);
    }

    /** Opens, closes or finishes a zone, or tells why not. */
    synchronized int manage(int type, long sector) {
        int zone = sequentialAt(sector);
        if (zone < 0) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        if (resetting[zone]) {
            return WAIT;
        }
        if (state[zone] == BlkZone.READ_ONLY || state[zone] == BlkZone.OFFLINE) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        return switch (type) {
            case BlkRequest.ZONE_OPEN -> openExplicitly(zone);
            case BlkRequest.ZONE_CLOSE -> closeExplicitly(zone);
            default -> finish(zone);
        };
    }

    private int openExplicitly(int zone) {
        if (state[zone] == BlkZone.FULL) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        if (!isOpen(state[zone])) {
            int room = makeRoom(zone);
            if (room != BlkRequest.OK) {
                return room;
            }
        }
        enter(zone, BlkZone.EXPLICITLY_OPEN);
        save(zone);
        return BlkRequest.OK;
    }

    private int closeExplicitly(int zone) {
        if (!isActive(state[zone])) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        if (isOpen(state[zone])) {
            close(zone);
        }
        return BlkRequest.OK;
    }

    /** Empty and closed zones too, as the standards for zoned disks have it and file systems expect it. */
    private int finish(int zone) {
        enter(zone, BlkZone.FULL);
        save(zone);
        return BlkRequest.OK;
    }

    /**
     * Begins a reset.
     *
     * @param whole whether the zone is to be erased even if it is empty
     * @return {@link #ERASE}, or {@link BlkRequest#OK} if that was all
     */
    synchronized int beginReset(int zone, boolean whole) {
        if (zone < conventional || state[zone] == BlkZone.READ_ONLY || state[zone] == BlkZone.OFFLINE) {
            return BlkRequest.ZONE_INVALID_CMD;
        }
        if (resetting[zone] || writing[zone] > 0) {
            return WAIT;
        }
        if (written[zone] == 0 && !whole) {
            enter(zone, BlkZone.EMPTY);
            save(zone);
            return BlkRequest.OK;
        }
        resetting[zone] = true;
        return ERASE;
    }

    /** Sectors that a reset has to erase. */
    synchronized long erasable(int zone) {
        return written[zone];
    }

    /**
     * The erasing has ended.
     *
     * @param good whether the sectors are zeroes now; if not, the zone stays as it was
     */
    synchronized void endReset(int zone, boolean good) {
        resetting[zone] = false;
        if (good && state[zone] != BlkZone.READ_ONLY && state[zone] != BlkZone.OFFLINE) {
            written[zone] = 0;
            enter(zone, BlkZone.EMPTY);
            save(zone);
        }
    }

    /** A zone of the medium fails: from now on it can only be read, or not even that. */
    public synchronized void fail(int zone, boolean readable) {
        if (zone < conventional || zone >= count) {
            throw new IllegalArgumentException("no sequential zone " + zone);
        }
        if (state[zone] != BlkZone.OFFLINE) {
            enter(zone, readable ? BlkZone.READ_ONLY : BlkZone.OFFLINE);
            save(zone);
        }
    }

    // --- reports ---

    /**
     * Describes zones from the one with this sector on.
     *
     * @param sector inside the disk
     * @param report begins with the head; has room for it and {@code most} descriptors
     * @return how many are described
     */
    synchronized int report(long sector, MemorySegment report, int most) {
        int first = zoneOf(sector);
        int zones = Math.min(most, count - first);
        BlkZone.head(report, 0, zones);
        for (int i = 0; i < zones; i++) {
            int zone = first + i;
            BlkZone.describe(
                    report, BlkZone.descriptor(0, i), size(zone), start(zone), pointer(zone), type(zone), state[zone]);
        }
        return zones;
    }

    private byte type(int zone) {
        if (zone < conventional) {
            return BlkZone.CONVENTIONAL;
        }
        return traits.isHostManaged() ? BlkZone.SEQUENTIAL_REQUIRED : BlkZone.SEQUENTIAL_PREFERRED;
    }

    /** Where there is no write pointer to report, the end of the zone: no driver will write there. */
    private long pointer(int zone) {
        return start(zone) + (isWritable(state[zone]) ? written[zone] : size(zone));
    }

    /** State of a zone, see {@link BlkZone}. */
    public synchronized byte state(int zone) {
        return state[zone];
    }

    /** Sectors of a zone that were written. */
    public synchronized long written(int zone) {
        return written[zone];
    }

    /** Zones that are open now. */
    public synchronized int open() {
        return open;
    }

    /** Zones that are open or closed now. */
    public synchronized int active() {
        return active;
    }
}
