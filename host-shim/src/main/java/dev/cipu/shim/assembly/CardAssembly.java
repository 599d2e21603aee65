package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.CounterTable;
import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.dataplane.blk.BlockQueue;
import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.dataplane.blk.ZoneTable;
import dev.cipu.dataplane.net.GuestPort;
import dev.cipu.dataplane.net.HostPort;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.net.Tap;
import dev.cipu.shim.posix.Affinity;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.SocketEndpoint;
import dev.cipu.shim.store.ZoneFile;
import dev.cipu.shim.vfio.server.CardQueues;
import dev.cipu.shim.vfio.server.EmptySlots;
import dev.cipu.shim.vfio.server.VfioDevice;
import dev.cipu.shim.vfio.server.VfioEndpoint;
import dev.cipu.shim.vhost.backend.BackendEndpoint;
import dev.cipu.virtio.VirtioDevice;
import dev.cipu.virtio.net.NetDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
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

    private final Deque<AutoCloseable> closing = new ArrayDeque<>();
    private final Map<String, Plugged> plugged = new LinkedHashMap<>();
    private final List<CardCore> cores = new ArrayList<>();
    private final Map<String, SwitchOnCore> switches = new HashMap<>();
    private final OpenStores stores = new OpenStores();
    private final PciFunctions pciFunctions;
    private final Map<String, VfioDevice> pciDevices = new HashMap<>();
    private final EmptySlots slots = new EmptySlots();
    private final CounterFile counterFile;
    private CardSpec spec;
    private int turn;
    private boolean closed;

    private CardAssembly(CardSpec spec, PciFunctions pciFunctions) throws IOException {
        this.spec = spec;
        this.pciFunctions = pciFunctions;
        Path stats = spec.stats();
        counterFile = stats == null ? CounterFile.ofThisProcess() : CounterFile.at(stats);
        closing.push(counterFile);
    }

    /**
     * Builds the card and starts its workers. Nobody can connect before {@link #serve}.
     *
     * @throws CardSpecException if the description does not fit this machine
     * @throws UncheckedIOException if a file is missing or not allowed
     */
    public static CardAssembly start(CardSpec spec) {
        return start(spec, PciFunctions.VIRTIO);
    }

    /** As {@link #start(CardSpec)}, of a card whose devices have these registers on a PCI bus. */
    public static CardAssembly start(CardSpec spec, PciFunctions pciFunctions) {
        CardAssembly card;
        try {
            card = new CardAssembly(spec, pciFunctions);
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
            switches.put(each.name(), new SwitchOnCore(each, nextCore(), counters, memory, largestMtu(each.name())));
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

    private void plug(DeviceSpec device, CardSpec among) {
        Plugged made = new Plugged(device.id());
        plugged.put(device.id(), made);
        CardFunction function = switch (device) {
            case NetSpec net -> port(net, made);
            case BlkSpec blk -> disk(blk, Objects.requireNonNull(among.stores().get(blk.store())), made);
        };
        made.made(function);
        if (device.endpoint().transport().isPci()) {
            pciDevices.put(device.id(), pciFunctions.present(device, function, new CardQueues(function)));
            made.undo(() -> pciDevices.remove(device.id()));
        }
    }

    private CardFunction port(NetSpec net, Plugged made) {
        CounterGroup group = made.counting(counterFile.table().group(net.id(), GuestPort.COUNTERS));
        NetFunction function = network(net.id(), net.switchName(), net.mtu())
                .plug(restricted(net, new NetDevice(net.macBytes(), net.traits())), group, net.coalesce());
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
        Tap opened = openTap(tap);
        made.undo(opened);
        CounterGroup group = made.counting(counterFile.table().group(tap.id(), HostPort.COUNTERS));
        made.undo(network.plug(opened, tap.mtu(), group));
    }

    private static Tap openTap(TapSpec tap) {
        InterfaceAddress address = tap.address();
        try {
            return Tap.open(
                    tap.name(),
                    tap.namespace(),
                    tap.macNumber(),
                    tap.mtu(),
                    address == null ? 0 : address.ip(),
                    address == null ? 0 : address.mask());
        } catch (PosixException e) {
            String mend = switch (e.errnoName()) {
                case "EPERM", "EACCES" -> "TAP interfaces are made by root (CAP_NET_ADMIN); run the card as root";
                case "EBUSY" -> "there is an interface " + tap.name() + " already; choose another name";
                case "ENOENT" ->
                    tap.namespace() == null || Files.exists(tap.namespace())
                            ? "this kernel has no /dev/net/tun; load its module tun"
                            : "there is no namespace " + tap.namespace() + "; make it with ip netns add";
                case "EINVAL" -> "check that " + tap.namespace() + " is a network namespace, and the address";
                default -> "see the kernel's log";
            };
            throw new ResourceException(tap.id() + ": " + e.getMessage() + "; " + mend, e);
        }
    }

    private void startCores(CounterTable counters) {
        List<Integer> allowed = Affinity.allowed();
        List<Integer> wanted = spec.cores().isEmpty() ? allowed.subList(0, 1) : spec.cores();
        IdlePolicy idle = spec.idle();
        if (idle == null) {
            // on the only core there is, a worker that never pauses would starve those whom it serves
            idle = allowed.size() == 1 ? IdlePolicy.BACKOFF : IdlePolicy.SPIN;
        }
        for (int i = 0; i < wanted.size(); i++) {
            CardCore core = new CardCore(i, wanted.get(i), idle, counters);
            closing.push(core);
            cores.add(core);
            core.start();
        }
    }

    private CardFunction disk(BlkSpec blk, StoreSpec description, Plugged made) {
        BlockStore store = stores.use(blk.store(), description);
        made.undo(() -> stores.release(blk.store()));
        ZoneFile zones = zoneFile(blk, description, store);
        if (zones != null) {
            made.undo(zones);
        }
        List<BlkFunction.Place> places = new ArrayList<>();
        for (int i = 0; i < blk.queues(); i++) {
            CounterGroup group = counterFile.table().group(blk.id() + "/" + i, BlockQueue.COUNTERS);
            places.add(new BlkFunction.Place(nextCore(), made.counting(group)));
        }
        DiskAssembly disk = new DiskAssembly(blk, store, zones == null ? ZoneTable.NONE : zones);
        try {
            BlkFunction function = new BlkFunction(restricted(blk, disk.device()), disk.disk(), places);
            made.undo(function::unplug);
            return function;
        } catch (IllegalArgumentException e) {
            throw new CardSpecException(blk.id() + ": " + e.getMessage() + "; choose another zone-size or store", e);
        }
    }

    private static @Nullable ZoneFile zoneFile(BlkSpec blk, StoreSpec description, BlockStore store) {
        try {
            return DiskAssembly.zoneFile(blk, description, store);
        } catch (IllegalArgumentException e) {
            throw new CardSpecException(
                    blk.id() + ": " + e.getMessage() + "; give the zones that it had, or remove that file", e);
        } catch (UncheckedIOException e) {
            throw new ResourceException(blk.id() + ": no file for its zones: " + e.getMessage() + "; mend that", e);
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
        return cores.get(turn++ % cores.size());
    }

    /**
     * Opens the endpoint of a device; hosts can connect when this returns.
     *
     * @throws ResourceException if another process serves its socket, or the descriptor is none
     */
    public synchronized void serve(DeviceSpec device) {
        requireOpen();
        CardFunction function = function(device.id());
        Plugged served = plugged(device.id());
        EndpointSpec at = device.endpoint();
        CounterGroup group = counterFile.table().group(device.id() + "/session", SessionCounters.NAMES);
        SessionCounters counters = new SessionCounters(group);
        try {
            VfioDevice pci = pciDevices.get(device.id());
            SocketEndpoint endpoint = pci != null
                    ? presented(device, pci, counters)
                    : switch (at.mode()) {
                        case SERVER -> BackendEndpoint.listen(device.id(), path(at), function, counters);
                        case CLIENT -> BackendEndpoint.connect(device.id(), path(at), function, counters);
                        case INHERITED -> BackendEndpoint.inherit(device.id(), at.fd(), function, counters);
                        case EMBEDDED -> throw new IllegalStateException(device.id() + " is for an embedded guest");
                    };
            served.counting(group);
            served.served(endpoint);
        } catch (RuntimeException e) {
            counterFile.table().retire(group);
            throw e instanceof PosixException refusal ? refused(device, refusal) : e;
        }
    }

    /** A function on somebody's PCI bus. */
    private SocketEndpoint presented(DeviceSpec device, VfioDevice pci, SessionCounters counters) {
        EndpointSpec at = device.endpoint();
        boolean mapDoorbells = at.transport() == EndpointSpec.Transport.VFIO_USER;
        return at.mode() == EndpointSpec.Mode.INHERITED
                ? VfioEndpoint.inherit(device.id(), at.fd(), pci, mapDoorbells, counters, slots)
                : VfioEndpoint.listen(device.id(), path(at), pci, mapDoorbells, counters, slots);
    }

    private static Path path(EndpointSpec at) {
        return Objects.requireNonNull(at.socket());
    }

    private static RuntimeException refused(DeviceSpec device, PosixException e) {
        String at = device.id() + ": socket " + device.endpoint().name();
        String mend = switch (e.errnoName()) {
            case "EADDRINUSE" -> " is served by another process; end that one or choose another path";
            case "ENOENT" -> " has no directory to be in; make it";
            case "EACCES", "EPERM", "EROFS" -> " may not be made there; choose a directory of yours";
            case "EBADF", "ENOTSOCK" -> " is no open socket; hand down a listening one under this number";
            case "EINVAL" -> " does not listen; call listen on it before it is handed down";
            default -> " cannot be served: " + e.getMessage();
        };
        return new ResourceException(at + mend, e);
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
            if (each.function() instanceof BlkFunction disk) {
                disk.refresh();
            }
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
        Plugged found = plugged.get(id);
        if (found == null) {
            String there = plugged.isEmpty() ? "it has none" : "it has " + String.join(", ", plugged.keySet());
            throw new CardSpecException("the card has no device '" + id + "'; " + there);
        }
        return found;
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

    /** The function of a device, for whoever presents it to a guest. */
    public synchronized CardFunction function(String id) {
        Plugged found = plugged.get(id);
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
