package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.CounterTable;
import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.dataplane.blk.BlockQueue;
import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.dataplane.blk.MemoryStore;
import dev.cipu.dataplane.blk.NullStore;
import dev.cipu.dataplane.blk.ZoneTable;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.posix.Affinity;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.session.SocketEndpoint;
import dev.cipu.shim.store.FileStore;
import dev.cipu.shim.store.ZoneFile;
import dev.cipu.shim.vfio.server.CardQueues;
import dev.cipu.shim.vfio.server.VfioDevice;
import dev.cipu.shim.vfio.server.VfioEndpoint;
import dev.cipu.shim.vhost.backend.BackendEndpoint;
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
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The composition root: makes a running card of its description. The only place that sees devices, workers, stores and
 * transports together.
 *
 * <p>Owned by one control thread; another one may close it meanwhile. Closing goes from outside inwards: first nobody can connect any more and the sessions
 * end, then the workers, then the stores, at last the memory and the counter file, which the others use to the end.
 */
public final class CardAssembly implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CardAssembly.class);

    private final CardSpec spec;
    private final Deque<AutoCloseable> closing = new ArrayDeque<>();
    private final Map<String, CardFunction> functions = new LinkedHashMap<>();
    private final List<CardCore> cores = new ArrayList<>();
    private final List<SocketEndpoint> endpoints = new ArrayList<>();
    private final Map<String, ZoneTable> zoneTables = new HashMap<>();
    private final PciFunctions pciFunctions;
    private final Map<String, VfioDevice> pciDevices = new HashMap<>();
    private final CounterFile counterFile;
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
        Map<String, BlockStore> stores = openStores();
        startCores(counters);
        Placement placement = new Placement(cores);
        Map<String, SwitchOnCore> switches = new LinkedHashMap<>();
        for (SwitchSpec each : spec.switches()) {
            switches.put(
                    each.name(), new SwitchOnCore(each, placement.next(), counters, memory, largestMtu(each.name())));
        }
        for (DeviceSpec each : spec.devices()) {
            CardFunction function = switch (each) {
                case NetSpec net ->
                    Objects.requireNonNull(switches.get(net.switchName()))
                            .plug(
                                    net.id(),
                                    restricted(net, new NetDevice(net.macBytes(), net.traits())),
                                    net.coalesce());
                case BlkSpec blk -> disk(blk, Objects.requireNonNull(stores.get(blk.store())), placement, counters);
            };
            functions.put(each.id(), function);
            if (each.endpoint().transport().isPci()) {
                pciDevices.put(each.id(), pciFunctions.present(each, function, new CardQueues(function)));
            }
        }
    }

    private int largestMtu(String switchName) {
        int largest = NetSpec.DEFAULT_MTU;
        for (DeviceSpec each : spec.devices()) {
            if (each instanceof NetSpec net && net.switchName().equals(switchName)) {
                largest = Math.max(largest, net.mtu());
            }
        }
        return largest;
    }

    private Map<String, BlockStore> openStores() {
        Set<String> used = new HashSet<>();
        for (DeviceSpec each : spec.devices()) {
            if (each instanceof BlkSpec blk) {
                used.add(blk.store());
            }
        }
        Map<String, BlockStore> stores = new LinkedHashMap<>();
        spec.stores().forEach((name, store) -> {
            if (used.contains(name)) {
                BlockStore opened = open(name, store);
                closing.push(opened);
                stores.put(name, opened);
            }
        });
        openZoneTables(stores);
        return stores;
    }

    /** Here, because they have to outlive the workers. */
    private void openZoneTables(Map<String, BlockStore> stores) {
        for (DeviceSpec each : spec.devices()) {
            if (each instanceof BlkSpec blk) {
                StoreSpec description = Objects.requireNonNull(spec.stores().get(blk.store()));
                ZoneFile file = zoneFile(blk, description, Objects.requireNonNull(stores.get(blk.store())));
                if (file != null) {
                    closing.push(file);
                    zoneTables.put(blk.id(), file);
                }
            }
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

    private static BlockStore open(String name, StoreSpec store) {
        try {
            return switch (store) {
                case StoreSpec.Memory memory -> new MemoryStore(memory.bytes());
                case StoreSpec.Nothing nothing -> new NullStore(nothing.bytes());
                case StoreSpec.OnFile file ->
                    FileStore.open(
                            file.path(),
                            FileStore.Options.DEFAULT
                                    .withDirect(file.direct())
                                    .withReadOnly(file.readOnly())
                                    .withCreateBytes(file.createBytes()));
            };
        } catch (PosixException e) {
            throw new ResourceException(name + ": " + e.getMessage() + "; check the store's path and options", e);
        } catch (IllegalArgumentException e) {
            throw new CardSpecException(name + ": " + e.getMessage() + "; choose another store", e);
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

    private CardFunction disk(BlkSpec blk, BlockStore store, Placement placement, CounterTable counters) {
        List<BlkFunction.Place> places = new ArrayList<>();
        for (int i = 0; i < blk.queues(); i++) {
            CounterGroup group = counters.group(blk.id() + "/" + i, BlockQueue.COUNTERS);
            places.add(new BlkFunction.Place(placement.next(), group));
        }
        DiskAssembly disk = new DiskAssembly(blk, store, zoneTables.getOrDefault(blk.id(), ZoneTable.NONE));
        try {
            return new BlkFunction(restricted(blk, disk.device()), disk.disk(), places);
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
    private static final class Placement {
        private final List<CardCore> cores;
        private int turn;

        Placement(List<CardCore> cores) {
            this.cores = cores;
        }

        CardCore next() {
            return cores.get(turn++ % cores.size());
        }
    }

    /**
     * Opens the endpoint of a device; hosts can connect when this returns.
     *
     * @throws ResourceException if another process serves its socket, or the descriptor is none
     */
    public synchronized void serve(DeviceSpec device) {
        if (closed) {
            throw new IllegalStateException("the card is closed");
        }
        CardFunction function = function(device.id());
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
            closing.push(endpoint);
            endpoints.add(endpoint);
        } catch (RuntimeException e) {
            counterFile.table().retire(group);
            throw e instanceof PosixException refusal ? refused(device, refusal) : e;
        }
    }

    /** A function on somebody's PCI bus. */
    private static SocketEndpoint presented(DeviceSpec device, VfioDevice pci, SessionCounters counters) {
        EndpointSpec at = device.endpoint();
        boolean mapDoorbells = at.transport() == EndpointSpec.Transport.VFIO_USER;
        return at.mode() == EndpointSpec.Mode.INHERITED
                ? VfioEndpoint.inherit(device.id(), at.fd(), pci, mapDoorbells, counters)
                : VfioEndpoint.listen(device.id(), path(at), pci, mapDoorbells, counters);
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
        for (CardFunction function : functions.values()) {
            if (function instanceof BlkFunction disk) {
                disk.refresh();
            }
        }
    }

    /** The description that this card was made from. */
    public CardSpec spec() {
        return spec;
    }

    /** The function of a device, for whoever presents it to a guest. */
    public CardFunction function(String id) {
        CardFunction function = functions.get(id);
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
        // all at once, so that the slowest session decides how long it takes and not their sum
        endpoints.forEach(SocketEndpoint::stop);
        endpoints.clear();
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
