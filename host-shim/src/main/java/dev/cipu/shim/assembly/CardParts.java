package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.CounterTable;
import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.dataplane.blk.BlockJournal;
import dev.cipu.dataplane.blk.BlockQueue;
import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.dataplane.blk.ZoneTable;
import dev.cipu.dataplane.net.GuestPort;
import dev.cipu.dataplane.net.HostPort;
import dev.cipu.dataplane.net.PortJournal;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.net.Tap;
import dev.cipu.shim.posix.Affinity;
import dev.cipu.shim.store.ZoneFile;
import dev.cipu.virtio.VirtioDevice;
import dev.cipu.virtio.net.NetDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the devices of a card share: memory, cores, switches, stores, counters, and whoever records and times; and how a function is made
 * of them.
 *
 * <p>Owned by the card's control thread; functions may be made by the threads of physical ones, too. Closing ends the workers, then the stores, at
 * last the memory and the counter file, which the others use to the end. Nothing may be plugged in any more by then.
 */
final class CardParts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CardParts.class);

    /** Ports with timing that a switch has room for beyond those that a card with a control socket begins with. */
    private static final int SPARE_PACED_PORTS = 4;

    /** More than a switch has room for, whatever there may be: each takes four megabytes, and a frame has 255 holders at most. */
    private static final int MOST_PACED_PORTS = 64;

    private final Deque<AutoCloseable> closing = new ArrayDeque<>();
    private final List<CardCore> cores = new ArrayList<>();
    private final Map<String, SwitchOnCore> switches = new HashMap<>();
    private final OpenStores stores = new OpenStores();
    private final CounterFile counterFile;
    private final Pacing pacing;
    private final AtomicInteger turn = new AtomicInteger();
    private Recording recording = Recording.NONE;

    private CardParts(CounterFile counterFile) {
        this.counterFile = counterFile;
        closing.push(counterFile);
        pacing = new Pacing(counterFile.table());
    }

    /**
     * Makes what this card needs, and starts its workers.
     *
     * @throws CardSpecException if the description does not fit this machine
     * @throws UncheckedIOException if a file is missing or not allowed
     */
    static CardParts start(CardSpec spec) {
        Path stats = spec.stats();
        CardParts parts;
        try {
            parts = new CardParts(stats == null ? CounterFile.ofThisProcess() : CounterFile.at(stats));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            parts.make(spec);
            return parts;
        } catch (RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    private void make(CardSpec spec) {
        CounterTable counters = counters();
        Arena memory = Arena.ofShared();
        closing.push(memory);
        closing.push(stores);
        startCores(spec, counters);
        for (SwitchSpec each : spec.switches()) {
            String name = each.name();
            switches.put(
                    name,
                    new SwitchOnCore(
                            each, nextCore(), counters, memory, largestMtu(spec, name), pacedPorts(spec, name)));
        }
    }

    private static int largestMtu(CardSpec spec, String switchName) {
        return Stream.concat(
                        spec.devices().stream()
                                .filter(each -> each instanceof NetSpec net
                                        && net.switchName().equals(switchName))
                                .map(each -> ((NetSpec) each).mtu()),
                        spec.taps().stream()
                                .filter(tap -> tap.switchName().equals(switchName))
                                .map(TapSpec::mtu))
                .reduce(NetSpec.DEFAULT_MTU, Math::max);
    }

    /** How many ports of a switch will be timed: those that are, and a few more where devices come later. */
    private static int pacedPorts(CardSpec spec, String switchName) {
        int now = (int) spec.timing()
                .ports(spec)
                .filter(net -> net.switchName().equals(switchName))
                .count();
        int later = spec.timing().isOn() && spec.control() != null ? SPARE_PACED_PORTS : 0;
        return Math.min(MOST_PACED_PORTS, now + later);
    }

    private void startCores(CardSpec spec, CounterTable counters) {
        List<Integer> allowed = Affinity.allowed();
        List<Integer> wanted = spec.cores().isEmpty() ? allowed.subList(0, 1) : spec.cores();
        IdlePolicy idle = spec.idle();
        if (idle == null) {
            // on the only core there is, a worker that never pauses would starve those whom it serves
            idle = allowed.size() == 1 ? IdlePolicy.BACKOFF : IdlePolicy.SPIN;
        }
        recording = Recording.start(spec.record(), wanted, counters);
        closing.push(recording);
        for (int i = 0; i < wanted.size(); i++) {
            CardCore core = new CardCore(i, wanted.get(i), idle, counters);
            closing.push(core);
            cores.add(core);
            core.start();
        }
    }

    /**
     * Makes the function of a device. What has to be undone when it leaves is told to {@code made} step by step, so that one that could not
     * be finished is undone as far as it came.
     *
     * @param among the description that has its store and its timing
     * @throws CardSpecException if it does not fit what this card was made for
     */
    CardFunction function(DeviceSpec device, CardSpec among, Plugged made) {
        CardFunction function = switch (device) {
            case NetSpec net -> port(net, among, made);
            case BlkSpec blk -> disk(blk, among, made);
        };
        made.made(function);
        return function;
    }

    /** Makes a port of a switch for a TAP interface, as {@link #function} does for a device. */
    void plug(TapSpec tap, Plugged made) {
        SwitchOnCore network = network(tap.id(), tap.switchName(), tap.mtu());
        Tap opened = Taps.open(tap);
        made.undo(opened);
        CounterGroup group = made.counting(counters().group(tap.id(), HostPort.COUNTERS));
        made.undo(network.plug(opened, tap.mtu(), group));
    }

    private CardFunction port(NetSpec net, CardSpec among, Plugged made) {
        CounterGroup group = made.counting(counters().group(net.id(), GuestPort.COUNTERS));
        NetDevice device = restricted(net, new NetDevice(net.macBytes(), net.traits()));
        SwitchOnCore network = network(net.id(), net.switchName(), net.mtu());
        PortJournal journal = recording.port(net.id(), device, network.core(), made);
        Pacing.OfPort paced = pacing.timed(net, among.timing().of(net), made);
        if (paced != null) {
            if (!network.reservePaced()) {
                throw new CardSpecException(net.id() + ": switch " + net.switchName()
                        + " was made for no more devices with timing; start the card with them, or say timing=none");
            }
            made.undo(network::releasePaced);
        }
        NetFunction function = network.plug(device, group, net.coalesce(), journal, paced);
        made.undo(function::unplug);
        return function;
    }

    private SwitchOnCore network(String id, String name, int mtu) {
        SwitchOnCore network = Objects.requireNonNull(switches.get(name));
        if (mtu > network.mtu()) {
            throw new CardSpecException(id + ": mtu is " + mtu + ", but switch " + name + " was made for "
                    + network.mtu() + "; choose that, or start the card with a device of this mtu");
        }
        return network;
    }

    private CardFunction disk(BlkSpec blk, CardSpec among, Plugged made) {
        StoreSpec description = Objects.requireNonNull(among.stores().get(blk.store()));
        BlockStore store = stores.use(blk.store(), description);
        made.undo(() -> stores.release(blk.store()));
        ZoneFile zones = DiskAssembly.zoneFile(blk, description, store);
        if (zones != null) {
            made.undo(zones);
        }
        List<CardCore> at = Stream.generate(this::nextCore).limit(blk.queues()).toList();
        List<@Nullable BlockJournal> journals = recording.queues(blk.id(), at, made);
        List<BlkFunction.Place> places = new ArrayList<>();
        for (int i = 0; i < blk.queues(); i++) {
            CounterGroup group = counters().group(blk.id() + "/" + i, BlockQueue.COUNTERS);
            places.add(new BlkFunction.Place(at.get(i), made.counting(group), journals.get(i)));
        }
        BlockStore timed = pacing.timed(store, blk, among.timing().of(blk), made);
        DiskAssembly disk = new DiskAssembly(blk, timed, zones == null ? ZoneTable.NONE : zones);
        try {
            BlkFunction function = new BlkFunction(restricted(blk, disk.device()), disk.disk(), places);
            made.undo(function::unplug);
            return function;
        } catch (IllegalArgumentException e) {
            throw new CardSpecException(blk.id() + ": " + e.getMessage() + "; choose another zone-size or store", e);
        }
    }

    /** The device, which from now on offers what its description allows. */
    private static <D extends VirtioDevice> D restricted(DeviceSpec spec, D device) {
        spec.features().restrict(spec, device);
        if (spec.endpoint().transport().isPci()) {
            // [virtio-1.4 §6.2] what a device on a bus reaches is the platform's to say: a client maps I/O virtual
            // addresses
            device.offerAccessPlatform();
        }
        return device;
    }

    /** Hands out cores in turn. */
    private CardCore nextCore() {
        return cores.get(Math.floorMod(turn.getAndIncrement(), cores.size()));
    }

    /** Disks of stores that may be shared. */
    OpenStores stores() {
        return stores;
    }

    /** What is counted in this card. */
    CounterTable counters() {
        return counterFile.table();
    }

    /** The file with {@link #counters}. */
    Path counterPath() {
        return counterFile.path();
    }

    /** In the order of the description. */
    Stream<CardCore> cores() {
        return cores.stream();
    }

    @Override
    public void close() {
        while (!closing.isEmpty()) {
            AutoCloseable next = closing.pop();
            try {
                next.close();
            } catch (Exception e) {
                LOG.error("{} did not close", next.getClass().getSimpleName(), e);
            }
        }
    }
}
