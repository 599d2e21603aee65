package dev.cipu.shim.assembly;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.device.card.CardProfile;
import dev.cipu.shim.assembly.EndpointSpec.Mode;
import dev.cipu.shim.assembly.SwitchSpec.Uplink;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.profile.ProfileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Gathers a {@link CardSpec} from a file and from options, which are said in the same words. Every method throws {@link
 * CardSpecException} for what makes no sense.
 */
public final class CardSpecBuilder {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,31}");
    private static final Pattern WORKER = Pattern.compile("worker\\d+");
    /** The longest name. */
    static final int NAME_CHARACTERS = 32;

    private static final int MAX_CPU = 8191;

    private final List<Integer> cores = new ArrayList<>();
    private final Map<String, StoreSpec> stores = new LinkedHashMap<>();
    private final Map<String, SwitchSpec> switches = new LinkedHashMap<>();
    private final List<DeviceSpec> devices = new ArrayList<>();
    private @Nullable CardProfile profile;
    private final TimingChoice timing = new TimingChoice();
    private final List<TapSpec> taps = new ArrayList<>();
    private @Nullable IdlePolicy idle;
    private @Nullable Path stats;
    private @Nullable Path control;
    private final Map<String, String> recordKeys = new LinkedHashMap<>();
    private String recordWhere = "record";
    private @Nullable RecordSpec recorded;
    private boolean mayBeEmpty;
    private @Nullable Uplink everyUplink;
    private boolean switchesDeclared;

    /** The card's generation, by name or file, which bounds what it can be made of; replaces what was said before. */
    public CardSpecBuilder card(String where, String name) {
        profile = find(where, name);
        return this;
    }

    /** The card by whose figures devices are timed that say nothing of it themselves, by name or file, or {@code none}. */
    public CardSpecBuilder timing(String where, String name) {
        timing.usual(where, name);
        return this;
    }

    static CardProfile find(String where, String name) {
        try {
            return CardProfiles.find(name);
        } catch (ProfileException e) {
            throw new CardSpecException(where + ": " + e.getMessage(), e);
        }
    }

    /** For more of the same: what is added to it is checked against what this card has already. */
    static CardSpecBuilder of(CardSpec card) {
        CardSpecBuilder builder = new CardSpecBuilder();
        builder.cores.addAll(card.cores());
        builder.stores.putAll(card.stores());
        card.switches().forEach(each -> builder.switches.put(each.name(), each));
        builder.devices.addAll(card.devices());
        builder.taps.addAll(card.taps());
        builder.idle = card.idle();
        builder.stats = card.stats();
        builder.control = card.control();
        builder.recorded = card.record();
        builder.profile = card.profile();
        builder.timing.begin(card.timing(), card.devices());
        builder.switchesDeclared = !card.switches().isEmpty();
        builder.mayBeEmpty = true;
        return builder;
    }

    /** Core numbers with commas between them; replaces what was said before. */
    public CardSpecBuilder cores(String where, String list) {
        cores.clear();
        for (String part : list.split(",", -1)) {
            int core;
            try {
                core = Integer.parseInt(part.strip());
            } catch (NumberFormatException e) {
                throw new CardSpecException(
                        where + ": '" + part + "' is no core number; write for example 0 or 0,1", e);
            }
            if (core < 0 || core > MAX_CPU) {
                throw new CardSpecException(
                        where + ": there is no core " + core + "; see nproc for how many there are");
            }
            if (cores.contains(core)) {
                throw new CardSpecException(where + ": core " + core + " is given twice; each worker needs its own");
            }
            cores.add(core);
        }
        return this;
    }

    /** {@code spin}, {@code backoff} or {@code sleep}. */
    public CardSpecBuilder idle(String where, String policy) {
        try {
            idle = IdlePolicy.of(policy);
        } catch (IllegalArgumentException e) {
            throw new CardSpecException(where + ": there is no policy '" + policy + "'; say spin, backoff or sleep", e);
        }
        return this;
    }

    public CardSpecBuilder stats(Path file) {
        stats = file;
        return this;
    }

    /** Where the running card takes requests; it may then begin with no device at all. */
    public CardSpecBuilder control(String where, String socket) {
        checkSocketPath(where, socket);
        control = Path.of(socket);
        mayBeEmpty = true;
        return this;
    }

    /** That the card records what passes its queues, see {@link RecordSpec#of}; keys said later replace those said before. */
    public CardSpecBuilder record(KeyValues values) {
        recordWhere = values.where();
        recordKeys.putAll(values.all());
        return this;
    }

    private static void checkSocketPath(String where, String socket) {
        if (socket.isEmpty() || EndpointKeys.bytes(socket) > EndpointKeys.SOCKET_PATH_BYTES) {
            throw new CardSpecException(where + ": a socket's path has 1 to " + EndpointKeys.SOCKET_PATH_BYTES
                    + " bytes; choose another one");
        }
    }

    /** A store by name: {@code mem:SIZE}, {@code null:SIZE} or {@code file:PATH}, with its options. */
    public CardSpecBuilder store(String name, KeyValues values) {
        checkName(values.where(), name);
        StoreSpec store = StoreKeys.store(values, StoreKeys.text(values), values.flag("ro", false));
        values.done();
        if (stores.put(name, store) != null) {
            throw new CardSpecException(values.where() + ": store '" + name + "' exists already; choose another name");
        }
        return this;
    }

    /** A switch with its uplink; once one is declared, devices may name declared ones only. */
    public CardSpecBuilder declareSwitch(String name, KeyValues values) {
        checkName(values.where(), name);
        Uplink uplink = uplinkOf(values.where() + ": uplink", values.text("uplink", "none"));
        values.done();
        switchesDeclared = true;
        if (switches.put(name, new SwitchSpec(name, uplink)) != null) {
            throw new CardSpecException(values.where() + ": switch '" + name + "' exists already; choose another name");
        }
        return this;
    }

    /** The uplink of every switch, whatever was declared. */
    public CardSpecBuilder uplink(String where, String text) {
        everyUplink = uplinkOf(where, text);
        return this;
    }

    private static Uplink uplinkOf(String where, String text) {
        return switch (text) {
            case "none" -> Uplink.NONE;
            case "loopback:", "loopback" -> Uplink.LOOPBACK;
            default ->
                throw new CardSpecException(where + ": there is no uplink '" + text + "'; say loopback: or none");
        };
    }

    /** A network device. */
    public CardSpecBuilder net(KeyValues values) {
        EndpointSpec endpoint = EndpointKeys.endpoint(values);
        String id = id(values, "net");
        timing.of(id, values);
        NetSpec net = NetKeys.net(values, id, endpoint);
        plugInto(net.switchName(), values);
        devices.add(net);
        return this;
    }

    /** A block device. */
    public CardSpecBuilder blk(KeyValues values) {
        EndpointSpec endpoint = EndpointKeys.endpoint(values);
        String id = id(values, "blk");
        timing.of(id, values);
        BlkKeys keys = new BlkKeys(values, id, stores);
        devices.add(keys.blk(endpoint));
        stores.putAll(keys.stores());
        return this;
    }

    /** An interface of the host. */
    public CardSpecBuilder tap(KeyValues values) {
        TapSpec tap = TapKeys.tap(values, id(values, TapSpec.KIND));
        plugInto(tap.switchName(), values);
        taps.add(tap);
        return this;
    }

    /** A switch that nobody declared is made for who names it first, unless others were declared. */
    private void plugInto(String switchName, KeyValues values) {
        checkName(values.where(), switchName);
        if (!switches.containsKey(switchName)) {
            if (switchesDeclared) {
                throw values.wrong(
                        "switch", "names '" + switchName + "'", "declared are " + String.join(", ", switches.keySet()));
            }
            switches.put(switchName, new SwitchSpec(switchName, Uplink.NONE));
        }
    }

    /** Adds a device by the word for its kind. */
    public CardSpecBuilder device(String kind, KeyValues values) {
        return switch (kind) {
            case "net" -> net(values);
            case "blk" -> blk(values);
            case TapSpec.KIND -> tap(values);
            default -> throw values.wrong("kind", "is '" + kind + "'", "say net, blk or tap");
        };
    }

    /** Leaves a device out, and the stores that were made for it alone. */
    CardSpecBuilder without(String id) {
        List<DeviceSpec> gone =
                devices.stream().filter(device -> device.id().equals(id)).toList();
        devices.removeAll(gone);
        timing.forget(id);
        taps.removeIf(tap -> tap.id().equals(id));
        List<String> used = functions().map(CardSpecBuilder::storeOf).toList();
        gone.stream()
                .flatMap(DeviceSpec::withVirtuals)
                .filter(device -> storeOf(device).equals(device.id()) && !used.contains(device.id()))
                .forEach(device -> stores.remove(device.id()));
        return this;
    }

    /** The name of a disk's store, empty for what has none. */
    private static String storeOf(DeviceSpec device) {
        return device instanceof BlkSpec blk ? blk.store() : "";
    }

    private String id(KeyValues values, String kind) {
        String given = values.text("id");
        if (given != null) {
            checkName(values.where(), given);
            if (isTaken(given)) {
                throw values.wrong("id", "'" + given + "' belongs to another device", "choose another");
            }
            return given;
        }
        int n = 0;
        while (isTaken(kind + n)) {
            n++;
        }
        return kind + n;
    }

    private boolean isTaken(String id) {
        return devices.stream().anyMatch(device -> device.id().equals(id))
                || taps.stream().anyMatch(tap -> tap.id().equals(id));
    }

    static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    private static void checkName(String where, String name) {
        if (!isName(name)) {
            throw new CardSpecException(
                    where + ": '" + name + "' is no name; use up to 32 letters, digits, dots, dashes, underscores");
        }
    }

    /** All that hosts can have, also what they have to switch on first. */
    private Stream<DeviceSpec> functions() {
        return devices.stream().flatMap(DeviceSpec::withVirtuals);
    }

    /** Devices, switches and workers count under their names in one table. */
    private void checkOwners() {
        Set<String> ids = new HashSet<>();
        Stream.concat(functions().map(DeviceSpec::id), taps.stream().map(TapSpec::id))
                .forEach(id -> {
                    if (switches.containsKey(id)) {
                        throw new CardSpecException(
                                id + ": a switch and a device have this name; choose another id for the device");
                    }
                    if (!ids.add(id)) {
                        throw new CardSpecException(id
                                + ": a virtual function and a device have this name; choose another id for the device");
                    }
                    checkNoWorker(id);
                });
        switches.keySet().forEach(CardSpecBuilder::checkNoWorker);
    }

    private static void checkNoWorker(String name) {
        if (WORKER.matcher(name).matches()) {
            throw new CardSpecException(name + ": the card's cores have names like this; choose another one");
        }
    }

    /** Zones say what a store holds, so only one device may have them. */
    private void checkZones() {
        List<DeviceSpec> all = functions().toList();
        for (DeviceSpec device : all) {
            if (device instanceof BlkSpec blk && blk.options().zones() != null) {
                for (DeviceSpec other : all) {
                    if (!other.equals(device)
                            && other instanceof BlkSpec second
                            && second.store().equals(blk.store())) {
                        throw new CardSpecException(blk.id() + ": its store '" + blk.store()
                                + "' has zones and cannot be shared with " + second.id() + "; give each its own");
                    }
                }
            }
        }
    }

    /** The card as described so far. */
    public CardSpec build() {
        if (devices.isEmpty() && taps.isEmpty() && !mayBeEmpty) {
            throw new CardSpecException(
                    "the card has no device; add --net socket=PATH or --blk socket=PATH,store=mem:64M");
        }
        if (mayBeEmpty && switches.isEmpty()) {
            // for those that come
            switches.put(SwitchSpec.DEFAULT_NAME, new SwitchSpec(SwitchSpec.DEFAULT_NAME, Uplink.NONE));
        }
        checkOwners();
        checkZones();
        Set<Object> taken = new HashSet<>();
        if (control != null) {
            taken.add(control.toString());
        }
        for (DeviceSpec device : functions().toList()) {
            EndpointSpec at = device.endpoint();
            Object place = at.mode() == Mode.INHERITED ? (Object) at.fd() : at.name();
            if (!taken.add(place)) {
                throw new CardSpecException(
                        device.id() + ": another device is at " + at.name() + " already; each needs its own socket");
            }
        }
        Uplink uplink = everyUplink;
        List<SwitchSpec> all = switches.values().stream()
                .map(s -> uplink == null ? s : new SwitchSpec(s.name(), uplink))
                .toList();
        return new CardSpec(
                List.copyOf(cores),
                idle,
                stats,
                Collections.unmodifiableMap(new LinkedHashMap<>(stores)),
                all,
                profile == null ? List.copyOf(devices) : new CardBounds(profile).fit(devices),
                List.copyOf(taps),
                control,
                recordKeys.isEmpty() ? recorded : RecordSpec.of(new KeyValues(recordWhere, recordKeys)),
                profile,
                timing.spec(devices));
    }
}
