package dev.cipu.shim.assembly;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.device.card.CardProfile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a card is made of, checked for consistency; {@link CardSpecBuilder} makes one.
 *
 * @param cores the CPUs that stand for the card's; one worker each. Empty: the first one allowed
 * @param idle what a worker without work does; null: spin, but leave the core now and then if it is the only one
 * @param stats the counter file, null for one of its own in the user's runtime directory
 * @param stores by name
 * @param taps interfaces of the host that are ports of a switch
 * @param control where the running card takes requests, null for nowhere
 * @param record what is recorded and where, null for nothing
 * @param profile the card's generation, which bounds what it is made of, now and later; null for none
 * @param timing which of its devices take as long as which card
 */
public record CardSpec(
        List<Integer> cores,
        @Nullable IdlePolicy idle,
        @Nullable Path stats,
        Map<String, StoreSpec> stores,
        List<SwitchSpec> switches,
        List<DeviceSpec> devices,
        List<TapSpec> taps,
        @Nullable Path control,
        @Nullable RecordSpec record,
        @Nullable CardProfile profile,
        TimingSpec timing) {
    /** A card of virtio devices that stays as it is. */
    public CardSpec(
            List<Integer> cores,
            @Nullable IdlePolicy idle,
            @Nullable Path stats,
            Map<String, StoreSpec> stores,
            List<SwitchSpec> switches,
            List<DeviceSpec> devices) {
        this(cores, idle, stats, stores, switches, devices, List.of(), null, null, null, TimingSpec.NONE);
    }

    /** The names of everything that can be attached and detached. */
    Stream<String> ids() {
        return Stream.concat(devices.stream().map(DeviceSpec::id), taps.stream().map(TapSpec::id));
    }
}
