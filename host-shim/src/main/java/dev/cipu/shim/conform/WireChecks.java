package dev.cipu.shim.conform;

import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Part;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Payload;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.probe.RigQueue;
import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.FeatureSet;
import java.util.List;

/** What the vhost-user protocol asks of a back-end. [vhost-user "Communication", "Ring states", "Message types"] */
final class WireChecks {
    private static final int UNKNOWN_REQUEST = 999;

    /** The last protocol feature that the document names (SHMEM). */
    private static final int LAST_PROTOCOL_BIT = 20;

    private WireChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.rough(WireChecks::acknowledgement, "VU-001", "VU-002"),
                Check.any(WireChecks::protocolBits, "VU-003"),
                Check.any(WireChecks::queueNumber, "VU-004"),
                Check.any(WireChecks::baseIsReturned, "VU-005", "VU-006"),
                Check.any(WireChecks::baseIsHonoured, "VU-007"),
                Check.any(WireChecks::enable, "VU-008", "VU-009"),
                Check.any(WireChecks::config, "VU-010"),
                Check.rough(WireChecks::configOutside, "VU-011"),
                Check.any(WireChecks::newCall, "VU-012"),
                Check.any(WireChecks::noKick, "VU-013"),
                Check.any(WireChecks::newTable, "VU-014"),
                Check.any(WireChecks::addRegion, "VU-015"),
                Check.any(WireChecks::acrossRegions, "VU-016"),
                Check.any(WireChecks::inflight, "VU-017"),
                Check.rough(WireChecks::errorEvent, "VU-018"),
                Check.rough(WireChecks::queueOutOfRange, "VU-019"),
                Check.any(WireChecks::secondSession, "VU-020"));
    }

    private static void acknowledgement(Trial trial) {
        Rig rig = trial.connect();
        trial.need(rig.has(ProtocolFeature.REPLY_ACK), "REPLY_ACK is not offered");
        long done = rig.link().order(Request.SET_OWNER, Payload.NONE);
        trial.check("VU-002", done == 0, "SET_OWNER is acknowledged with " + done);
        try {
            long answer = rig.link().order(UNKNOWN_REQUEST, Payload.u64(0));
            trial.check("VU-001", answer != 0, "an unknown message is acknowledged with " + answer);
        } catch (LinkException e) {
            trial.fail("VU-001", "an unknown message: " + e.getMessage());
        }
    }

    private static void protocolBits(Trial trial) {
        long protocol = trial.survey().protocol();
        long unknown = protocol >>> (LAST_PROTOCOL_BIT + 1);
        trial.check("VU-003", unknown == 0, "protocol features 0x" + Long.toHexString(protocol));
    }

    private static void queueNumber(Trial trial) {
        Rig rig = trial.connect();
        trial.need(rig.has(ProtocolFeature.MQ), "MQ is not offered");
        trial.check("VU-004", rig.maxQueues() >= 1, rig.maxQueues() + (trial.isNet() ? " pairs" : " queues"));
    }

    private static void baseIsReturned(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        for (int i = 0; i < 5; i++) {
            trial.need(exchange.serveRaw(exchange.sample()), "the device serves nothing");
        }
        trial.watch();
        int base = exchange.rig().stop(exchange.queue());
        trial.check("VU-005", base == 5, "after 5 chains the base is " + base);
        exchange.rig().start(exchange.queue(), base);
        exchange.rig().link().askNumber(Request.GET_FEATURES);
        boolean served = exchange.serveRaw(exchange.sample());
        trial.check("VU-006", served, served ? "it goes on from there" : "it does not go on");
    }

    private static void baseIsHonoured(Trial trial) {
        int base = 65530;
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, base);
        for (int i = 0; i < 10; i++) {
            if (!exchange.serveRaw(exchange.sample())) {
                trial.fail("VU-007", "chain " + i + " after base " + base + " is not used");
                return;
            }
        }
        trial.pass("VU-007", "10 chains used from base " + base + " on, over the wrap");
    }

    private static void enable(Trial trial) {
        Rig rig = trial.ready(trial.least());
        trial.need(rig.protocolKnown(), "the back-end has no protocol features, so rings start enabled");
        RigQueue queue = rig.rawQueue(trial.queueIndex(), Exchange.SIZE);
        if (trial.isNet()) {
            Exchange.startReceiveq(rig);
        }
        rig.describe(queue, 0);
        rig.driverOk();
        Exchange exchange = trial.exchangeOn(rig, queue);
        queue.raw().give(exchange.sample().parts());
        queue.kick();
        trial.watch();
        // a disabled transmitq of a network device may be drained
        boolean quiet = trial.isNet() || queue.raw().usedIndex() == 0;
        trial.check("VU-008", quiet, quiet ? "nothing is served before" : "a chain is served before");
        rig.enable(queue, true);
        queue.kick();
        boolean served = exchange.awaitUsed(1);
        trial.check("VU-009", served, served ? "served once enabled" : "not served once enabled");
    }

    private static void config(Trial trial) {
        Rig rig = trial.connect();
        trial.need(rig.has(ProtocolFeature.CONFIG), "CONFIG is not offered");
        Message reply = rig.link().ask(Request.GET_CONFIG, Payload.config(8, 16, new byte[16]));
        boolean echoes = reply.size() == MessageLayout.CONFIG_DATA + 16
                && reply.u32(MessageLayout.CONFIG_OFFSET) == 8
                && reply.u32(MessageLayout.CONFIG_SIZE) == 16;
        trial.check("VU-010", echoes, "16 bytes from 8 on are answered with " + reply.size() + " bytes of payload");
    }

    private static void configOutside(Trial trial) {
        Rig rig = trial.connect();
        trial.need(rig.has(ProtocolFeature.CONFIG), "CONFIG is not offered");
        Message reply = rig.link().ask(Request.GET_CONFIG, Payload.config(1 << 20, 16, new byte[16]));
        trial.check("VU-011", reply.size() == 0, "a range far outside is answered with " + reply.size() + " bytes");
    }

    private static void newCall(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        trial.need(exchange.serveRaw(exchange.sample()), "the device serves nothing");
        trial.watch();
        long before = exchange.queue().calls();
        try (EventFd other = EventFd.create()) {
            exchange.rig()
                    .link()
                    .demand(
                            "SET_VRING_CALL",
                            Request.SET_VRING_CALL,
                            Payload.u64(exchange.queue().index()),
                            other.fd());
            exchange.rig().link().askNumber(Request.GET_FEATURES);
            // some call once to say that the descriptor has arrived
            trial.watch();
            other.drain();
            boolean served = exchange.serveRaw(exchange.sample());
            boolean called =
                    served && Pause.until(() -> other.drain() > 0, trial.peer().timeout());
            boolean old = exchange.queue().calls() > before;
            trial.check(
                    "VU-012",
                    called && !old,
                    called ? old ? "both are signalled" : "the new one is signalled" : "no call");
        }
    }

    private static void noKick(Trial trial) {
        Rig rig = trial.ready(trial.least());
        RigQueue queue = rig.rawQueue(trial.queueIndex(), Exchange.SIZE);
        if (trial.isNet()) {
            Exchange.startReceiveq(rig);
        }
        rig.describe(queue, 0);
        rig.link()
                .demand(
                        "a ring without a kick descriptor",
                        Request.SET_VRING_KICK,
                        Payload.u64(queue.index() | MessageLayout.FILE_NONE));
        rig.enable(queue, true);
        rig.driverOk();
        Exchange exchange = trial.exchangeOn(rig, queue);
        Exchange.Sample sample = exchange.sample();
        queue.raw().give(sample.parts());
        boolean served = exchange.awaitUsed(1);
        trial.check(
                "VU-013", served, served ? "it polls the ring" : "a ring without a kick descriptor is never looked at");
    }

    private static void newTable(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        Rig rig = exchange.rig();
        trial.need(exchange.serveRaw(exchange.sample()), "the device serves nothing");
        rig.share();
        rig.link().askNumber(Request.GET_FEATURES);
        Exchange.Sample sample = exchange.sample();
        boolean served = exchange.serveRaw(sample) && exchange.isServed(sample);
        trial.check("VU-014", served, served ? "rings go on in the new table" : "nothing is served after a new table");
    }

    private static void addRegion(Trial trial) {
        Rig rig = trial.connect();
        trial.need(rig.has(ProtocolFeature.CONFIGURE_MEM_SLOTS), "CONFIGURE_MEM_SLOTS is not offered");
        long slots = rig.link().askNumber(Request.GET_MAX_MEM_SLOTS);
        rig.accept(trial.least());
        byte[] first = Payload.region(Rig.GUEST, Rig.SEAM, Rig.USER, 0);
        long second = Rig.GUEST + Rig.SEAM;
        byte[] rest = Payload.region(second, Rig.BYTES - Rig.SEAM, Rig.user(second), Rig.SEAM);
        rig.link().demand("ADD_MEM_REG", Request.ADD_MEM_REG, first, rig.file());
        rig.link().demand("a second ADD_MEM_REG", Request.ADD_MEM_REG, rest, rig.file());
        rig.link().demand("REM_MEM_REG", Request.REM_MEM_REG, rest);
        RigQueue queue = rig.rawQueue(trial.queueIndex(), Exchange.SIZE);
        if (trial.isNet()) {
            Exchange.startReceiveq(rig);
        }
        rig.start(queue, 0);
        rig.driverOk();
        Exchange exchange = trial.exchangeOn(rig, queue);
        boolean served = exchange.serveRaw(exchange.sample());
        trial.check(
                "VU-015", served, slots + " slots; a ring in an added region is " + (served ? "" : "not ") + "served");
    }

    /** A buffer that is one in guest addresses and two for the back-end. */
    private static void acrossRegions(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        Exchange.Sample sample = exchange.sample();
        Part first = sample.parts().getFirst();
        long seam = Rig.GUEST + Rig.SEAM - 7;
        var memory = exchange.rig().memory();
        memory.slice(seam, first.length()).copyFrom(memory.slice(first.address(), first.length()));
        List<Part> parts = new java.util.ArrayList<>(sample.parts());
        parts.set(0, Part.readable(seam, first.length()));
        exchange.queue().raw().give(parts);
        exchange.queue().kick();
        boolean served = exchange.awaitUsed(1) && exchange.isServed(sample);
        trial.check("VU-016", served, "a buffer over two regions is " + (served ? "" : "not ") + "served");
    }

    private static void inflight(Trial trial) {
        Rig rig = trial.connect(ProtocolFeature.INFLIGHT_SHMFD);
        trial.need(rig.has(ProtocolFeature.INFLIGHT_SHMFD), "INFLIGHT_SHMFD is not offered");
        Message reply = rig.link().ask(Request.GET_INFLIGHT_FD, Payload.inflight(0, 0, 1, Exchange.SIZE));
        long bytes = reply.u64(MessageLayout.INFLIGHT_SIZE);
        int count = reply.descriptors().count();
        reply.descriptors().close();
        trial.check("VU-017", bytes > 0 && count == 1, bytes + " bytes with " + count + " descriptor");
    }

    private static void errorEvent(Trial trial) {
        Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
        RigQueue queue = exchange.queue();
        // a chain that leads to itself
        queue.raw().descriptor(0, Rig.GUEST, 16, 1, 0);
        queue.raw().offer(0);
        queue.raw().publish();
        queue.kick();
        boolean told = Pause.until(queue::takeError, trial.peer().quiet().multipliedBy(5));
        boolean ended = !told && exchange.rig().link().endsWithin(trial.peer().quiet());
        trial.check(
                "VU-018",
                told || ended,
                told
                        ? "a looping chain raises the error event"
                        : ended ? "a looping chain ends the session" : "a looping chain is passed over in silence");
    }

    private static void queueOutOfRange(Trial trial) {
        Rig rig = trial.ready(trial.least());
        boolean refused;
        try {
            refused = rig.link().order(Request.SET_VRING_NUM, Payload.state(0x7fff, 64)) != 0;
            rig.link().askNumber(Request.GET_FEATURES);
        } catch (LinkException e) {
            refused = true;
        }
        trial.need(refused || rig.has(ProtocolFeature.REPLY_ACK), "the back-end acknowledges nothing");
        trial.check("VU-019", refused, "a size for queue 32767 is " + (refused ? "refused" : "accepted"));
    }

    private static void secondSession(Trial trial) {
        for (int i = 0; i < 3; i++) {
            Exchange exchange = trial.rawExchange(FeatureSet.NONE, 0);
            if (!exchange.serveRaw(exchange.sample())) {
                trial.fail("VU-020", "session " + i + " is not served");
                return;
            }
        }
        trial.pass("VU-020", "three sessions in a row served");
    }
}
