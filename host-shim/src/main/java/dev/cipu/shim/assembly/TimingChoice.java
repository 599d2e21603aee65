package dev.cipu.shim.assembly;

import dev.cipu.device.card.CardProfile;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Gathers what is said of timing: of the card, and of devices that differ from it. */
final class TimingChoice {
    private static final String KEY = "timing";
    private static final String NONE = "none";

    private @Nullable CardProfile usual;

    /** By id; empty for those that go as fast as they can. */
    private final Map<String, Optional<CardProfile>> own = new HashMap<>();

    /** Takes over what a card has: a device of it stays as it is. */
    void begin(TimingSpec spec, List<DeviceSpec> devices) {
        usual = spec.usual();
        devices.forEach(device -> own.put(device.id(), Optional.ofNullable(spec.of(device))));
    }

    void usual(String where, String name) {
        usual = named(where, name).orElse(null);
    }

    void of(String id, KeyValues values) {
        String name = values.text(KEY);
        if (name != null) {
            own.put(id, named(values.where() + ": key '" + KEY + "'", name));
        }
    }

    void forget(String id) {
        own.remove(id);
    }

    private static Optional<CardProfile> named(String where, String name) {
        return name.equals(NONE) ? Optional.empty() : Optional.of(CardSpecBuilder.find(where, name));
    }

    TimingSpec spec(List<DeviceSpec> devices) {
        Map<String, CardProfile> byDevice = new HashMap<>();
        for (DeviceSpec device : devices) {
            Optional<CardProfile> chosen = own.getOrDefault(device.id(), Optional.ofNullable(usual));
            // virtual functions are as slow as their physical one
            chosen.ifPresent(profile -> device.withVirtuals().forEach(each -> byDevice.put(each.id(), profile)));
        }
        return new TimingSpec(usual, byDevice);
    }
}
