package dev.cipu.shim.assembly;

import dev.cipu.dataplane.CounterGroup;
import dev.cipu.dataplane.CounterTable;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.session.SessionCounters;
import dev.cipu.shim.vfio.server.EmptySlots;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A running card, made of its description: its devices, each with what hosts connect to. Devices come and go while it runs, see {@link
 * #attach} and {@link #detach}.
 *
 * <p>Owned by one control thread; another one may close it meanwhile. Closing goes from outside inwards: first nobody can connect any more and
 * the sessions end and their devices go, then what these shared.
 */
public final class CardAssembly implements AutoCloseable {
    private final Map<String, Plugged> plugged = new LinkedHashMap<>();
    private final PciFunctions pciFunctions;
    private final EmptySlots slots = new EmptySlots();
    private final CardParts parts;
    private final CounterTable counters;
    private CardSpec spec;
    private boolean closed;

    private CardAssembly(CardSpec spec, CardParts parts) {
        this.spec = spec;
        this.parts = parts;
        counters = parts.counters();
        pciFunctions = new PciFunctions(spec.profile());
    }

    /**
     * Builds the card and starts its workers. Nobody can connect before {@link #serve}.
     *
     * @throws CardSpecException if the description does not fit this machine
     * @throws UncheckedIOException if a file is missing or not allowed
     */
    public static CardAssembly start(CardSpec spec) {
        CardAssembly card = new CardAssembly(spec, CardParts.start(spec));
        try {
            spec.devices().forEach(each -> card.plug(each, spec));
            spec.taps().forEach(card::plug);
            return card;
        } catch (RuntimeException e) {
            card.close();
            throw e;
        }
    }

    private void plug(DeviceSpec device, CardSpec among) {
        Plugged made = new Plugged(device.id());
        plugged.put(device.id(), made);
        CardFunction function = parts.function(device, among, made);
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
        virtuals.keepStores(parts.stores(), among.stores(), made);
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
                made.presented(pciFunctions.virtual(parts.function(device, among, made)));
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
            device.retireCounters(counters);
        }
    }

    private void plug(TapSpec tap) {
        Plugged made = new Plugged(tap.id());
        plugged.put(tap.id(), made);
        parts.plug(tap, made);
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
        CounterGroup group = counters.group(device.id() + "/session", SessionCounters.NAMES);
        try {
            made.served(Endpoints.open(
                    device,
                    Objects.requireNonNull(made.function()),
                    made.presented(),
                    new SessionCounters(group),
                    slots));
            made.counting(group);
        } catch (RuntimeException e) {
            counters.retire(group);
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
            gone.retireCounters(counters);
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
        return parts.counterPath();
    }

    /** The CPUs that stand for the card's. */
    public List<Integer> cpus() {
        return parts.cores().map(CardCore::cpu).toList();
    }

    /** The threads that stand for the card's cores, see {@link Thread#threadId}. */
    public List<Long> coreThreads() {
        return parts.cores().map(CardCore::threadId).toList();
    }

    @Override
    public synchronized void close() {
        closed = true;
        slots.close();
        // all at once, so that the slowest session decides how long it takes and not their sum
        plugged.values().forEach(Plugged::stop);
        plugged.values().forEach(Plugged::unplug);
        plugged.clear();
        parts.close();
    }
}
