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
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.store.ZoneFile;
import dev.cipu.shim.vfio.server.EmptySlots;
import dev.cipu.virtio.VirtioDevice;
import dev.cipu.virtio.net.NetDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The composition root: makes a running card of its description. The only place that sees devices, workers, stores and
 * transports together.
 *
 * <p>Owned by one control thread; another one may close it meanwhile. Closing goes from outside inwards: first nobody can connect any more and the sessions
 * end and their devices go, then the workers, then the stores, at last the memory and the counter file, which the others use to
 * the end. Devices come and go while the card runs, see {@link #attach} and {@link #detach}.
 */
public final class CardAssembly implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CardAssembly.class);

    /** Ports with timing that a switch has room for beyond those that a card with a control socket begins with. */
    private static final int SPARE_PACED_PORTS = 4;

    /** More than a switch has room for, whatever there may be: each takes four megabytes, and a frame has 255 holders at most. */
    private static final int MOST_PACED_PORTS = 64;

    private final Deque<AutoCloseable> closing = new ArrayDeque<>();
    private final Map<String, Plugged> plugged = new LinkedHashMap<>();
    private final List<CardCore> cores = new ArrayList<>();
    private final Map<String, SwitchOnCore> switches = new HashMap<>();
    private final OpenStores stores = new OpenStores();
    private final PciFunctions pciFunctions;
    private final EmptySlots slots = new EmptySlots();
    private final CounterFile counterFile;
    private Recording recording = Recording.NONE;
    private final Pacing pacing;
    private CardSpec spec;
    private final AtomicInteger turn = new AtomicInteger();
    private boolean closed;

    private CardAssembly(CardSpec spec) throws IOException {
        this.spec = spec;
        pciFunctions = new PciFunctions(spec.profile());
        Path stats = spec.stats();
        counterFile = stats == null ? CounterFile.ofThisProcess() : CounterFile.at(stats);
        closing.push(counterFile);
        pacing = new Pacing(counterFile.table());
    }

    /**
     * Builds the card and starts its workers. Nobody can connect before {@link #serve}.
     *
     * @throws CardSpecException if the description does not fit this machine
     * @throws UncheckedIOException if a file is missing or not allowed
     */
    public static CardAssembly start(CardSpec spec) {
        CardAssembly card;
        try {
            card = new CardAssembly(spec);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            card.assemble();
            return card;
        } catch (RuntimeException e) {
            card.close();
            throw e;
        }
    }

    private void assemble() {
        CounterTable counters = counterFile.table();
        Arena memory = Arena.ofShared();
        closing.push(memory);
        closing.push(stores);
        startCores(counters);
        for (SwitchSpec each : spec.switches()) {
            switches.put(
                    each.name(),
                    new SwitchOnCore(
                            each, nextCore(), counters, memory, largestMtu(each.name()), pacedPorts(each.name())));
        }
        spec.devices().forEach(each -> plug(each, spec));
        spec.taps().forEach(this::plug);
    }

    private int largestMtu(String switchName) {
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
    private int pacedPorts(String switchName) {
        int now = (int) spec.timing()
                .ports(spec)
                .filter(net -> net.switchName().equals(switchName))
                .count();
        int later = spec.timing().isOn() && spec.control() != null ? SPARE_PACED_PORTS : 0;
        return Math.min(MOST_PACED_PORTS, now + later);
    }

    private void plug(DeviceSpec device, CardSpec among) {
        Plugged made = new Plugged(device.id());
        plugged.put(device.id(), made);
        CardFunction function = function(device, among, made);
        if (!device.endpoint().transport().isPci()) {
            return;
        }
        if (device.virtuals().total() == 0) {
            made.presented(pciFunctions.physical(function));
            return;
        }
        VirtualDevices virtuals = new VirtualDevices(device, new Bay(among));
        made.virtuals(virtuals);
        made.presented(pciFunctions.physical(function, device.virtuals().total(), virtuals));
        virtuals.keepStores(stores, among.stores(), made);
    }

    /** Where virtual functions of one device are plugged in, by another thread than all others: it takes no lock of the card. */
    private final class Bay implements VirtualDevices.Bay {
        private final CardSpec among;

        Bay(CardSpec among) {
            this.among = among;
        }

        @Override
        public Plugged plugIn(DeviceSpec device) {
            Plugged made = new Plugged(device.id());
            try {
                made.presented(pciFunctions.virtual(function(device, among, made)));
                open(device, made);
                return made;
            } catch (RuntimeException e) {
                pullOut(made);
                throw e;
            }
        }

        @Override
        public void pullOut(Plugged device) {
            device.unplug();
            device.retireCounters(counterFile.table());
        }
    }

    private CardFunction function(DeviceSpec device, CardSpec among, Plugged made) {
        CardFunction function = switch (device) {
            case NetSpec net -> port(net, among, made);
            case BlkSpec blk -> disk(blk, among, made);
        };
        made.made(function);
        return function;
    }

    private CardFunction port(NetSpec net, CardSpec among, Plugged made) {
        CounterGroup group = made.counting(counterFile.table().group(net.id(), GuestPort.COUNTERS));
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

    private void plug(TapSpec tap) {
        Plugged made = new Plugged(tap.id());
        plugged.put(tap.id(), made);
        SwitchOnCore network = network(tap.id(), tap.switchName(), tap.mtu());
        Tap opened = Taps.open(tap);
        made.undo(opened);
        CounterGroup group = made.counting(counterFile.table().group(tap.id(), HostPort.COUNTERS));
        made.undo(network.plug(opened, tap.mtu(), group));
    }

    private void startCores(CounterTable counters) {
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
            CounterGroup group = counterFile.table().group(blk.id() + "/" + i, BlockQueue.COUNTERS);
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

    /**
     * Opens the endpoint of a device; hosts can connect when this returns.
     *
     * @throws ResourceException if another process serves its socket, or the descriptor is none
     */
    public synchronized void serve(DeviceSpec device) {
        requireOpen();
        open(device, plugged(device.id()));
    }

    private void open(DeviceSpec device, Plugged made) {
        CounterGroup group = counterFile.table().group(device.id() + "/session", SessionCounters.NAMES);
        try {
            made.served(Endpoints.open(
                    device,
                    Objects.requireNonNull(made.function()),
                    made.presented(),
                    new SessionCounters(group),
                    slots));
            made.counting(group);
        } catch (RuntimeException e) {
            counterFile.table().retire(group);
            throw e;
        }
    }

    /**
     * Looks whether files behind disks were grown or shrunk, and tells the guests. To be called now and then by the control
     * thread.
     */
    public synchronized void refresh() {
        if (closed) {
            return;
        }
        for (Plugged each : plugged.values()) {
            each.refresh();
            virtuals(each).forEach(Plugged::refresh);
        }
    }

    /**
     * Changes the running card: adds what {@code words} says, and lets hosts connect to it. What was there before is not
     * touched; if it fails nothing has changed.
     *
     * @return the id of what was added
     * @throws CardSpecException if the words make no sense together with what the card has
     * @throws ResourceException if something is missing or taken
     */
    public synchronized String attach(UnaryOperator<CardSpecBuilder> words) {
        requireOpen();
        CardSpec next = words.apply(CardSpecBuilder.of(spec)).build();
        List<String> before = spec.ids().toList();
        String id =
                next.ids().filter(each -> !before.contains(each)).findFirst().orElseThrow();
        try {
            for (DeviceSpec each : next.devices()) {
                if (each.id().equals(id)) {
                    if (each.endpoint().mode() == EndpointSpec.Mode.INHERITED) {
                        throw new CardSpecException(id + ": fd is for a card that starts; give it a socket");
                    }
                    plug(each, next);
                    serve(each);
                }
            }
            next.taps().stream().filter(each -> each.id().equals(id)).forEach(this::plug);
        } catch (RuntimeException e) {
            unplug(id);
            throw e;
        }
        spec = next;
        return id;
    }

    /**
     * Takes a device out of the running card, whether or not a host uses it now; its neighbours do not notice. Returns when
     * all that it had is released.
     *
     * @throws CardSpecException if there is none of this id
     */
    public synchronized void detach(String id) {
        requireOpen();
        plugged(id);
        if (!plugged.containsKey(id)) {
            throw new CardSpecException(
                    id + ": a virtual function, which its host switches off; detach the device that has it");
        }
        unplug(id);
        spec = CardSpecBuilder.of(spec).without(id).build();
    }

    private void unplug(String id) {
        Plugged gone = plugged.remove(id);
        if (gone != null) {
            gone.stop();
            gone.unplug();
            gone.retireCounters(counterFile.table());
        }
    }

    /**
     * Plugs the cable of a network device in, or pulls it out.
     *
     * @throws CardSpecException if there is no such network device
     */
    public synchronized void link(String id, boolean up) {
        requireOpen();
        network(id).link(up);
    }

    /**
     * Has the network told where the guest of a network device is: by its driver if that can be asked, else by the card.
     *
     * @return whether the driver was asked
     * @throws CardSpecException if there is no such network device
     */
    public synchronized boolean announce(String id) {
        requireOpen();
        NetFunction network = network(id);
        boolean asked = network.askToAnnounce();
        if (!asked) {
            network.announce(network.device().mac());
        }
        return asked;
    }

    private NetFunction network(String id) {
        if (plugged(id).function() instanceof NetFunction network) {
            return network;
        }
        throw new CardSpecException(id + ": no network device; see 'cipu devices'");
    }

    private Plugged plugged(String id) {
        Plugged found = find(id);
        if (found == null) {
            String there = plugged.isEmpty() ? "it has none" : "it has " + String.join(", ", plugged.keySet());
            throw new CardSpecException("the card has no device '" + id + "'; " + there);
        }
        return found;
    }

    private @Nullable Plugged find(String id) {
        Plugged found = plugged.get(id);
        return found != null
                ? found
                : plugged.values().stream()
                        .flatMap(each -> virtuals(each).stream())
                        .filter(each -> each.id().equals(id))
                        .findFirst()
                        .orElse(null);
    }

    /** Those of a device that are switched on at this moment. */
    private static List<Plugged> virtuals(Plugged physical) {
        VirtualDevices virtuals = physical.virtuals();
        return virtuals == null ? List.of() : virtuals.present();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the card is closed");
        }
    }

    /** The description of the card as it is now. */
    public synchronized CardSpec spec() {
        return spec;
    }

    /** The devices that hosts can have at this moment: those of the description, each before its virtual functions that are on. */
    public synchronized List<DeviceSpec> present() {
        return spec.devices().stream()
                .flatMap(each -> {
                    VirtualDevices virtuals = plugged(each.id()).virtuals();
                    return Stream.concat(Stream.of(each), virtuals == null ? Stream.of() : virtuals.specs());
                })
                .toList();
    }

    /** The function of a device, for whoever presents it to a guest. */
    public synchronized CardFunction function(String id) {
        Plugged found = find(id);
        CardFunction function = found == null ? null : found.function();
        if (function == null) {
            throw new IllegalArgumentException("no device " + id);
        }
        return function;
    }

    /** Where this card counts. */
    public Path counters() {
        return counterFile.path();
    }

    /** The CPUs that stand for the card's. */
    public List<Integer> cpus() {
        return cores.stream().map(CardCore::cpu).toList();
    }

    /** The threads that stand for the card's cores, see {@link Thread#threadId}. */
    public List<Long> coreThreads() {
        return Collections.unmodifiableList(
                cores.stream().map(CardCore::threadId).toList());
    }

    @Override
    public synchronized void close() {
        closed = true;
        slots.close();
        // all at once, so that the slowest session decides how long it takes and not their sum
        plugged.values().forEach(Plugged::stop);
        plugged.values().forEach(Plugged::unplug);
        plugged.clear();
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
