package dev.cipu.shim.assembly;

import dev.cipu.device.card.CardProfile;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which devices of a card take as long as a card of some generation would.
 *
 * @param usual of devices that say nothing of it themselves, now and later; null if those go as fast as they can
 * @param byDevice of each device that is timed, by its id
 */
public record TimingSpec(@Nullable CardProfile usual, Map<String, CardProfile> byDevice) {
    /** Everything goes as fast as it can. */
    public static final TimingSpec NONE = new TimingSpec(null, Map.of());

    public TimingSpec {
        byDevice = Map.copyOf(byDevice);
    }

    /** What a device is timed by, null for nothing. */
    @Nullable
    CardProfile of(DeviceSpec device) {
        return byDevice.get(device.id());
    }

    /** Whether devices may be timed that come later. */
    boolean isOn() {
        return usual != null || !byDevice.isEmpty();
    }

    /** The network devices among those that are timed, virtual functions too. */
    Stream<NetSpec> ports(CardSpec card) {
        return card.devices().stream()
                .flatMap(DeviceSpec::withVirtuals)
                .filter(NetSpec.class::isInstance)
                .map(NetSpec.class::cast)
                .filter(net -> of(net) != null);
    }
}
