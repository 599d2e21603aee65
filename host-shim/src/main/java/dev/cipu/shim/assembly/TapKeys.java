package dev.cipu.shim.assembly;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reads the keys of an interface of the host. */
final class TapKeys {
    /** Where {@code ip netns} keeps them. */
    private static final Path NAMESPACES = Path.of("/run/netns");

    private TapKeys() {}

    static TapSpec tap(KeyValues values, String id) {
        String name = values.text("name", id);
        if (name.length() > TapSpec.NAME_BYTES || !CardSpecBuilder.isName(name)) {
            throw values.wrong("name", "is '" + name + "'", "use up to 15 letters, digits, dots, dashes, underscores");
        }
        String namespace = values.text("netns");
        Path file = namespace == null ? null : NAMESPACES.resolve(namespace);
        String mac = Mac.of(values, "mac", id + "@" + name + "@" + file);
        int mtu = values.number("mtu", NetSpec.DEFAULT_MTU, 68, 65521);
        String switchName = values.text("switch", SwitchSpec.DEFAULT_NAME);
        InterfaceAddress address = address(values);
        values.done();
        return new TapSpec(id, name, switchName, file, mac, address, mtu);
    }

    private static @Nullable InterfaceAddress address(KeyValues values) {
        String text = values.text("addr");
        if (text == null) {
            return null;
        }
        try {
            return InterfaceAddress.parse(text);
        } catch (IllegalArgumentException _) {
            throw values.wrong("addr", "is '" + text + "'", "write for example 10.0.0.2/24");
        }
    }
}
