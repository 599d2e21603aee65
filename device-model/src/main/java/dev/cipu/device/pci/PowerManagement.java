package dev.cipu.device.pci;

/**
 * The power management capability of a function that is on or off, and wakes nobody. Switching keeps all registers.
 * {@code [PCI-PM 1.2 §3.2]}
 */
final class PowerManagement {
    private static final int ID = 0x01;
    private static final int BYTES = 8;
    private static final int CAPABILITIES = 2;
    private static final int CONTROL = 4;
    private static final int VERSION_3 = 3;
    private static final int STATE = 3;
    private static final int OFF = 3;
    private static final int KEEPS_STATE = 1 << 3;

    private final ConfigSpace config;
    private final int at;
    private int state;

    /**
     * @param changed done when the function was switched on or off
     */
    PowerManagement(ConfigSpace config, CapabilityChain chain, Runnable changed) {
        this.config = config;
        at = chain.add(ID, BYTES);
        config.u16(at + CAPABILITIES, VERSION_3);
        config.u16(at + CONTROL, KEEPS_STATE);
        config.writable(at + CONTROL, Short.BYTES, STATE);
        config.afterWrite(at + CONTROL, Byte.BYTES, () -> {
            int wanted = config.u8(at + CONTROL) & STATE;
            if (wanted != 0 && wanted != OFF) {
                // a state that the function does not have: the write is discarded
                config.u8(at + CONTROL, state | KEEPS_STATE);
                return;
            }
            state = wanted;
            changed.run();
        });
    }

    boolean isOn() {
        return (config.u8(at + CONTROL) & STATE) == 0;
    }

    void reset() {
        state = 0;
    }
}
