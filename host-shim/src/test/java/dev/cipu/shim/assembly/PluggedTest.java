package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PluggedTest {
    @Test
    void whatWasMadeLastIsUndoneFirstOnceAndWhateverFails() {
        List<String> undone = new ArrayList<>();
        Plugged device = new Plugged("d");
        device.undo(() -> undone.add("store"));
        device.undo(() -> {
            undone.add("zones");
            throw new IllegalStateException("for the test");
        });
        device.undo(() -> undone.add("queues"));
        device.unplug();
        device.unplug();
        assertThat(undone).containsExactly("queues", "zones", "store");
    }
}
