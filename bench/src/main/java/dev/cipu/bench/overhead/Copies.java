package dev.cipu.bench.overhead;

/** How often the bytes of an operation are copied, by the way the code is made. Other people's code is not counted. */
final class Copies {
    private static final String PACKET = "packetCopies";
    private static final String REQUEST = "requestCopies";

    private static final String MIRROR = "by construction: the mirror moves a frame once, and no data";
    private static final String CARD =
            "by construction: from the guest into a packet of the card and back, docs/adr/0005-copy-once-on-tx.md";
    private static final String NULL_STORE = "by construction: the null store moves no data";

    private Copies() {}

    static void enter(Ledger ledger, Work work, Way way) {
        if (way == Way.POLL_PEER || way == Way.VMM) {
            return;
        }
        String of = work.name() + ", " + way.title() + ": ";
        boolean bare = way == Way.BARE;
        if (work.packets() != null) {
            ledger.byDesign(
                    Accounts.id(work, way, PACKET),
                    of + "Copies of a frame, there and back",
                    bare ? 1 : 2,
                    "copies",
                    bare ? MIRROR : CARD);
        }
        if (work.requests() != null) {
            ledger.byDesign(
                    Accounts.id(work, way, REQUEST), of + "Copies of data", 0, "copies", bare ? MIRROR : NULL_STORE);
        }
    }
}
