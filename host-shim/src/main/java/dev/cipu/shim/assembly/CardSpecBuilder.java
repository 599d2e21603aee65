package dev.cipu.shim.assembly;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.device.card.CardProfile;
import dev.cipu.shim.assembly.EndpointSpec.Mode;
import dev.cipu.shim.assembly.EndpointSpec.Transport;
import dev.cipu.shim.assembly.SwitchSpec.Uplink;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.profile.ProfileException;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkFeatures;
import dev.cipu.virtio.net.NetDevice;
import dev.cipu.virtio.net.NetFeatures;
import dev.cipu.virtio.net.NetTraits;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Gathers a {@link CardSpec} from a file and from options, which are said in the same words. Every method throws {@link
 * CardSpecException} for what makes no sense.
 */
public final class CardSpecBuilder {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,31}");
    private static final Pattern WORKER = Pattern.compile("worker\\d+");
    private static final Pattern MAC = Pattern.compile("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}");
    private static final Map<String, Mode> MODES = inOrder("server", Mode.SERVER, "client", Mode.CLIENT);
    private static final Map<String, Transport> TRANSPORTS =
            inOrder("vhost-user", Transport.VHOST_USER, "vfio-user", Transport.VFIO_USER);
    private static final Map<String, Transport> DOORBELLS =
            inOrder("mapped", Transport.VFIO_USER, "trapped", Transport.VFIO_USER_TRAPPED);
    private static final int MULTICAST = 1;

    /** Where {@code ip netns} keeps them. */
    private static final Path NAMESPACES = Path.of("/run/netns");

    /** Limits of a block device's serial number and of a Unix socket's path. */
    private static final int SERIAL_BYTES = 20;

    private static final int SOCKET_PATH_BYTES = 107;

    private static final int MAX_CPU = 8191;

    private final List<Integer> cores = new ArrayList<>();
    private final Map<String, StoreSpec> stores = new LinkedHashMap<>();
    private final Map<String, SwitchSpec> switches = new LinkedHashMap<>();
    private final List<DeviceSpec> devices = new ArrayList<>();
    private @Nullable CardProfile profile;
    private final List<TapSpec> taps = new ArrayList<>();
    private @Nullable IdlePolicy idle;
    private @Nullable Path stats;
    private @Nullable Path control;
    private boolean mayBeEmpty;
    private @Nullable Uplink everyUplink;
    private boolean switchesDeclared;

    /** Names in the order in which messages list them. */
    private static <E> Map<String, E> inOrder(String first, E one, String second, E other) {
        Map<String, E> names = new LinkedHashMap<>();
        names.put(first, one);
        names.put(second, other);
        return names;
    }

    /** The card's generation, by name or file, which bounds what it can be made of; replaces what was said before. */
    public CardSpecBuilder card(String where, String name) {
        try {
            profile = CardProfiles.find(name);
        } catch (ProfileException e) {
            throw new CardSpecException(where + ": " + e.getMessage(), e);
        }
        return this;
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
        builder.profile = card.profile();
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

    private static void checkSocketPath(String where, String socket) {
        if (socket.isEmpty() || socket.getBytes(StandardCharsets.UTF_8).length > SOCKET_PATH_BYTES) {
            throw new CardSpecException(
                    where + ": a socket's path has 1 to " + SOCKET_PATH_BYTES + " bytes; choose another one");
        }
    }

    /** A store by name: {@code mem:SIZE}, {@code null:SIZE} or {@code file:PATH}, with its options. */
    public CardSpecBuilder store(String name, KeyValues values) {
        checkName(values.where(), name);
        StoreSpec store = storeOf(values, storeText(values), values.flag("ro", false));
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
        EndpointSpec endpoint = endpoint(values);
        String id = id(values, "net");
        String mac = mac(values, id + "@" + endpoint.name());
        int queues = values.number("queues", 1, 1, NetSpec.MAX_QUEUES);
        int mtu = values.number("mtu", NetSpec.DEFAULT_MTU, 68, 65535);
        String switchName = values.text("switch", SwitchSpec.DEFAULT_NAME);
        boolean coalesce = values.flag("coalesce", false);
        FeatureChoice features = FeatureChoice.of(values, NetDevice.DEVICE_ID, NetFeatures.ALL);
        int speed = values.number("speed", NetTraits.UNKNOWN_SPEED, 0, Integer.MAX_VALUE);
        int duplex = duplex(values, speed);
        boolean standby = values.flag("standby", false);
        values.done();
        plugInto(switchName, values);
        devices.add(
                new NetSpec(id, endpoint, mac, queues, mtu, switchName, speed, duplex, standby, coalesce, features));
        return this;
    }

    private static String mac(KeyValues values, String owner) {
        String mac = values.text("mac");
        if (mac == null) {
            return madeUpMac(owner);
        }
        if (!MAC.matcher(mac).matches()) {
            throw values.wrong("mac", "is '" + mac + "'", "write six pairs such as 52:54:00:12:34:56");
        }
        if ((Integer.parseInt(mac.substring(0, 2), 16) & MULTICAST) != 0) {
            throw values.wrong("mac", "is a group address", "make the first pair even, as in 52:54:00:12:34:56");
        }
        return mac.toLowerCase(Locale.ROOT);
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

    /** An interface of the host. */
    public CardSpecBuilder tap(KeyValues values) {
        String id = id(values, TapSpec.KIND);
        String name = values.text("name", id);
        if (name.length() > TapSpec.NAME_BYTES || !NAME.matcher(name).matches()) {
            throw values.wrong("name", "is '" + name + "'", "use up to 15 letters, digits, dots, dashes, underscores");
        }
        String namespace = values.text("netns");
        Path file = namespace == null ? null : NAMESPACES.resolve(namespace);
        String mac = mac(values, id + "@" + name + "@" + file);
        int mtu = values.number("mtu", NetSpec.DEFAULT_MTU, 68, 65521);
        String switchName = values.text("switch", SwitchSpec.DEFAULT_NAME);
        String text = values.text("addr");
        InterfaceAddress address = null;
        if (text != null) {
            try {
                address = InterfaceAddress.parse(text);
            } catch (IllegalArgumentException _) {
                throw values.wrong("addr", "is '" + text + "'", "write for example 10.0.0.2/24");
            }
        }
        values.done();
        plugInto(switchName, values);
        taps.add(new TapSpec(id, name, switchName, file, mac, address, mtu));
        return this;
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

    /** Leaves a device out, and the store that was made for it alone. */
    CardSpecBuilder without(String id) {
        devices.removeIf(device -> device.id().equals(id));
        taps.removeIf(tap -> tap.id().equals(id));
        if (devices.stream()
                .noneMatch(
                        device -> device instanceof BlkSpec blk && blk.store().equals(id))) {
            stores.remove(id);
        }
        return this;
    }

    private static int duplex(KeyValues values, int speed) {
        String text = values.text("duplex");
        return switch (text) {
            case null -> speed == NetTraits.UNKNOWN_SPEED ? NetTraits.UNKNOWN_DUPLEX : NetTraits.FULL_DUPLEX;
            case "full" -> NetTraits.FULL_DUPLEX;
            case "half" -> NetTraits.HALF_DUPLEX;
            default -> throw values.wrong("duplex", "is '" + text + "'", "say full or half");
        };
    }

    /** A locally administered address that the same device gets every time. */
    private static String madeUpMac(String of) {
        CRC32C crc = new CRC32C();
        crc.update(of.getBytes(StandardCharsets.UTF_8));
        long hash = crc.getValue();
        return "02:c1:%02x:%02x:%02x:%02x"
                .formatted(hash >>> 24 & 0xff, hash >>> 16 & 0xff, hash >>> 8 & 0xff, hash & 0xff);
    }

    /** A block device. */
    public CardSpecBuilder blk(KeyValues values) {
        EndpointSpec endpoint = endpoint(values);
        String id = id(values, "blk");
        boolean readOnly = values.flag("ro", false);
        String text = storeText(values);
        String store = text;
        if (text.indexOf(':') >= 0) {
            store = id;
            if (stores.put(id, storeOf(values, text, readOnly)) != null) {
                throw values.wrong("id", "is also the name of a store", "choose another id");
            }
        } else if (!stores.containsKey(text)) {
            throw values.wrong(
                    "store", "names no store '" + text + "'", "write mem:SIZE, null:SIZE or file:PATH, or declare it");
        }
        int queues = values.number("queues", 1, 1, BlkSpec.MAX_QUEUES);
        String serial = values.text("serial", id);
        if (serial.length() > SERIAL_BYTES || !serial.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw values.wrong("serial", "is '" + serial + "'", "give at most 20 ASCII characters without spaces");
        }
        int blockSize = values.number(
                "block-size", BlkSpec.DEFAULT_BLOCK_SIZE, BlkSpec.DEFAULT_BLOCK_SIZE, BlkSpec.MAX_BLOCK_SIZE);
        if (Integer.bitCount(blockSize) != 1) {
            throw values.wrong("block-size", "is " + blockSize, "say 512, 1024, 2048 or 4096");
        }
        DiskOptions options = DiskOptions.of(values, blockSize, readOnly);
        FeatureChoice features = FeatureChoice.of(values, BlkDevice.DEVICE_ID, BlkFeatures.ALL);
        values.done();
        devices.add(new BlkSpec(id, endpoint, store, readOnly, queues, serial, blockSize, options, features));
        return this;
    }

    private static String storeText(KeyValues values) {
        String text = values.text("store");
        if (text == null) {
            throw values.missing("store", "store=mem:64M");
        }
        return text;
    }

    private static StoreSpec storeOf(KeyValues values, String text, boolean readOnly) {
        int colon = text.indexOf(':');
        String kind = colon < 0 ? text : text.substring(0, colon);
        String rest = colon < 0 ? "" : text.substring(colon + 1);
        boolean direct = values.flag("direct", false);
        String size = values.text("size");
        if (!kind.equals("file") && (direct || size != null)) {
            throw values.wrong(direct ? "direct" : "size", "is for files", "leave it out");
        }
        return switch (kind) {
            case "mem" -> new StoreSpec.Memory(capacity(values, "store", rest));
            case "null" -> new StoreSpec.Nothing(capacity(values, "store", rest));
            case "file" -> {
                if (rest.isEmpty()) {
                    throw values.wrong("store", "names no file", "write for example file:/srv/disk.img");
                }
                yield new StoreSpec.OnFile(
                        Path.of(rest), direct, readOnly, size == null ? 0 : capacity(values, "size", size));
            }
            default -> throw values.wrong("store", "is '" + text + "'", "write mem:SIZE, null:SIZE or file:PATH");
        };
    }

    private static long capacity(KeyValues values, String key, String text) {
        long bytes = values.size(key, text);
        if (bytes <= 0 || bytes % BlkSpec.MAX_BLOCK_SIZE != 0) {
            throw values.wrong(key, "has " + bytes + " bytes", "give a multiple of 4k above 0");
        }
        return bytes;
    }

    private EndpointSpec endpoint(KeyValues values) {
        String socket = values.text("socket");
        int fd = values.number("fd", -1, 0, Integer.MAX_VALUE);
        Mode mode = values.choice("mode", MODES, Mode.SERVER);
        Transport transport = transport(values);
        if (transport.isPci() && mode == Mode.CLIENT) {
            throw values.wrong("mode", "is client", "leave it out: vfio-user clients connect to the card");
        }
        Path path = socket == null ? null : Path.of(socket);
        if (fd >= 0) {
            if (mode == Mode.CLIENT) {
                throw values.wrong("fd", "is a listening socket", "leave mode=client out");
            }
            return new EndpointSpec(Mode.INHERITED, path, fd, transport);
        }
        if (socket == null || path == null) {
            throw values.missing("socket", "socket=/tmp/cipu-net0.sock");
        }
        if (socket.getBytes(StandardCharsets.UTF_8).length > SOCKET_PATH_BYTES) {
            throw values.wrong(
                    "socket", "is longer than a socket's path may be", "use at most " + SOCKET_PATH_BYTES + " bytes");
        }
        return new EndpointSpec(mode, path, -1, transport);
    }

    private static Transport transport(KeyValues values) {
        Transport transport = values.choice("transport", TRANSPORTS, Transport.VHOST_USER);
        boolean named = values.text("doorbells") != null;
        if (named && !transport.isPci()) {
            throw values.wrong("doorbells", "is of transport=vfio-user", "leave it out");
        }
        return named ? values.choice("doorbells", DOORBELLS, transport) : transport;
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

    private static void checkName(String where, String name) {
        if (!NAME.matcher(name).matches()) {
            throw new CardSpecException(
                    where + ": '" + name + "' is no name; use up to 32 letters, digits, dots, dashes, underscores");
        }
    }

    /** Devices, switches and workers count under their names in one table. */
    private void checkOwners() {
        Stream.concat(devices.stream().map(DeviceSpec::id), taps.stream().map(TapSpec::id))
                .forEach(id -> {
                    if (switches.containsKey(id)) {
                        throw new CardSpecException(
                                id + ": a switch and a device have this name; choose another id for the device");
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
        for (DeviceSpec device : devices) {
            if (device instanceof BlkSpec blk && blk.options().zones() != null) {
                for (DeviceSpec other : devices) {
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
        for (DeviceSpec device : devices) {
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
                profile);
    }
}
