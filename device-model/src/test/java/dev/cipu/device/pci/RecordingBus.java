package dev.cipu.device.pci;

import java.util.ArrayList;
import java.util.List;

/** A host that writes down which interrupts came. */
public final class RecordingBus implements PciHost {
    private final List<String> came = new ArrayList<>();

    @Override
    public void interrupt(InterruptKind kind, int vector) {
        came.add(kind + " " + vector);
    }

    /** What came since this was asked last. */
    public List<String> take() {
        List<String> then = List.copyOf(came);
        came.clear();
        return then;
    }
}
