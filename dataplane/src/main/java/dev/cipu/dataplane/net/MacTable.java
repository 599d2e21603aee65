package dev.cipu.dataplane.net;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Which port a MAC address was last seen on. Open addressing over primitive arrays; bounded as a whole and for each
 * port, so that a port that makes up addresses cannot push out its neighbours'. One thread owns it.
 */
final class MacTable {
    /** No port: the address is unknown. */
    static final int UNKNOWN = -1;

    private static final long EMPTY = -1;
    private static final long FIXED = Long.MAX_VALUE;

    private final int limit;
    private final int perPort;
    private final int mask;

    /** Drawn anew for each table, so that nobody can make up addresses that all fall into one place. */
    private final long multiplier = new SplittableRandom().nextLong() | 1;

    private int[] held = new int[8];
    private int entries;

    private long[] address;
    private int[] port;
    private long[] seen;

    /** Where the entries go when the table is rebuilt, so that ageing allocates nothing. */
    private long[] spareAddress;

    private int[] sparePort;
    private long[] spareSeen;

    /**
     * @param limit addresses in all
     * @param perPort addresses that one port may teach
     */
    MacTable(int limit, int perPort) {
        this.limit = limit;
        this.perPort = perPort;
        int slots = Integer.highestOneBit(limit) * 4;
        mask = slots - 1;
        address = new long[slots];
        port = new int[slots];
        seen = new long[slots];
        spareAddress = new long[slots];
        sparePort = new int[slots];
        spareSeen = new long[slots];
        Arrays.fill(address, EMPTY);
    }

    /** The port of an address given as its 6 bytes in little-endian order, or {@link #UNKNOWN}. */
    int lookup(long mac) {
        int at = find(mac);
        return address[at] == mac ? port[at] : UNKNOWN;
    }

    /**
     * Notes that {@code mac} sent from {@code from} at {@code now}.
     *
     * @return false if it was not learned: its place is fixed elsewhere, or a bound is reached
     */
    boolean learn(long mac, int from, long now) {
        int at = find(mac);
        if (address[at] == mac) {
            if (port[at] != from) {
                if (seen[at] == FIXED || held(from) >= perPort) {
                    return false;
                }
                held[port[at]]--;
                held[from]++;
                port[at] = from;
            }
            if (seen[at] != FIXED) {
                seen[at] = now;
            }
            return true;
        }
        if (entries >= limit || held(from) >= perPort) {
            return false;
        }
        insert(at, mac, from, now);
        return true;
    }

    /** Binds an address to a port for good; learning does not move it. */
    void fix(long mac, int to) {
        int at = find(mac);
        if (address[at] == mac) {
            held[port[at]]--;
            entries--;
        }
        held(to);
        insert(at, mac, to, FIXED);
    }

    /** Whether the address is bound to another port than {@code from}. */
    boolean isFixedElsewhere(long mac, int from) {
        int at = find(mac);
        return address[at] == mac && seen[at] == FIXED && port[at] != from;
    }

    private void insert(int at, long mac, int to, long when) {
        address[at] = mac;
        port[at] = to;
        seen[at] = when;
        held[to]++;
        entries++;
    }

    private int held(int from) {
        if (from >= held.length) {
            held = Arrays.copyOf(held, Math.max(from + 1, 2 * held.length));
        }
        return held[from];
    }

    private int find(long mac) {
        int at = (int) ((mac * multiplier) >>> 40) & mask;
        while (address[at] != mac && address[at] != EMPTY) {
            at = (at + 1) & mask;
        }
        return at;
    }

    /** Forgets what was last seen before {@code then}; fixed addresses stay. */
    void expire(long then) {
        rebuild(UNKNOWN, then);
    }

    /** Forgets every address of a port, fixed ones too. */
    void forget(int gone) {
        if (held(gone) > 0) {
            rebuild(gone, Long.MIN_VALUE);
        }
    }

    /** Port {@code gone} no longer exists: the numbers above it move down by one. */
    void shiftPorts(int gone) {
        int above = 0;
        for (int i = gone + 1; i < held.length; i++) {
            above += held[i];
        }
        if (above == 0) {
            return;
        }
        for (int i = 0; i < address.length; i++) {
            if (address[i] != EMPTY && port[i] > gone) {
                port[i]--;
            }
        }
        rebuild(UNKNOWN, Long.MIN_VALUE);
    }

    private void rebuild(int withoutPort, long then) {
        long[] addresses = address;
        int[] ports = port;
        long[] times = seen;
        address = spareAddress;
        port = sparePort;
        seen = spareSeen;
        spareAddress = addresses;
        sparePort = ports;
        spareSeen = times;
        Arrays.fill(address, EMPTY);
        Arrays.fill(held, 0);
        entries = 0;
        for (int i = 0; i < addresses.length; i++) {
            if (addresses[i] != EMPTY && ports[i] != withoutPort && times[i] >= then) {
                insert(find(addresses[i]), addresses[i], ports[i], times[i]);
            }
        }
    }

    int entries() {
        return entries;
    }
}
