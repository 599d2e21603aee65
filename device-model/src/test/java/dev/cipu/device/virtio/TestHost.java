package dev.cipu.device.virtio;

import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.RecordingBus;
import dev.cipu.device.pci.RegionId;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.VirtioDevice;
import java.util.ArrayList;
import java.util.List;

/** A host with one function on its bus, found by its capabilities as a driver finds it. */
final class TestHost {
    static final int COMMAND = 4;
    static final int STATUS = 6;
    static final int COMMAND_RUN = 0x6;
    static final int COMMAND_NO_PIN = 0x400;
    static final int NO_VECTOR = 0xffff;
    static final int MSIX = 0x11;
    static final int EXPRESS = 0x10;
    static final int POWER = 0x01;
    static final int ENABLE = 0x8000;
    static final int FUNCTION_MASK = 0x4000;

    private static final int VENDOR_SPECIFIC = 9;

    final RecordingBus bus = new RecordingBus();
    final RecordingQueues queues = new RecordingQueues();
    final VirtioDevice device;
    final VirtioPciFunction function;

    /** A structure that a capability tells of; {@code at} is where the capability is. */
    record Structure(int at, RegionId bar, long offset, long length) {}

    TestHost(VirtioDevice device, VirtioPciTraits traits) {
        this.device = device;
        function = new VirtioPciFunction(device, traits, queues);
        function.connect(bus);
    }

    TestHost(VirtioDevice device) {
        this(device, VirtioPciTraits.builder().queueSize(256).build());
    }

    static TestHost sample() {
        return new TestHost(new SampleDevice());
    }

    static long read(PciFunction function, RegionId region, long at, int bytes) {
        byte[] data = new byte[bytes];
        function.read(region, at, data);
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | (data[i] & 0xff);
        }
        return value;
    }

    static void write(PciFunction function, RegionId region, long at, int bytes, long value) {
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            data[i] = (byte) (value >>> (8 * i));
        }
        function.write(region, at, data);
    }

    long config(int at, int bytes) {
        return read(function, RegionId.CONFIG, at, bytes);
    }

    void config(int at, int bytes, long value) {
        write(function, RegionId.CONFIG, at, bytes, value);
    }

    /** Where capabilities of a kind are. */
    static List<Integer> capabilities(PciFunction function, int id) {
        List<Integer> found = new ArrayList<>();
        int steps = 0;
        for (int at = (int) read(function, RegionId.CONFIG, 0x34, 1);
                at != 0;
                at = (int) read(function, RegionId.CONFIG, at + 1, 1)) {
            if (++steps > 48) {
                throw new AssertionError("the list of capabilities has no end");
            }
            if (read(function, RegionId.CONFIG, at, 1) == id) {
                found.add(at);
            }
        }
        return found;
    }

    int capability(int id) {
        return capabilities(function, id).getFirst();
    }

    /** Where an extended capability is; -1 if it is not there. */
    static int extended(PciFunction function, int id) {
        int at = 0x100;
        while (at != 0) {
            long head = read(function, RegionId.CONFIG, at, 4);
            if ((head & 0xffff) == id) {
                return at;
            }
            at = (int) (head >>> 20);
        }
        return -1;
    }

    List<Structure> structures(int type) {
        return capabilities(function, VENDOR_SPECIFIC).stream()
                .filter(at -> config(at + 3, 1) == type)
                .map(at -> new Structure(
                        at, RegionId.valueOf("BAR" + config(at + 4, 1)), config(at + 8, 4), config(at + 12, 4)))
                .toList();
    }

    Structure structure(int type) {
        return structures(type).getFirst();
    }

    long common(int at, int bytes) {
        Structure common = structure(1);
        return read(function, common.bar, common.offset + at, bytes);
    }

    void common(int at, int bytes, long value) {
        Structure common = structure(1);
        write(function, common.bar, common.offset + at, bytes, value);
    }

    long isr() {
        Structure isr = structure(3);
        return read(function, isr.bar, isr.offset, 1);
    }

    long deviceConfig(int at, int bytes) {
        Structure config = structure(4);
        return read(function, config.bar, config.offset + at, bytes);
    }

    int status() {
        return (int) common(CommonLayout.STATUS, 1);
    }

    void status(int bits) {
        common(CommonLayout.STATUS, 1, bits);
    }

    /** The driver accepts these features and says so. */
    void negotiate(long low, long high) {
        status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
        long[] words = {low, low >>> 32, high, high >>> 32};
        for (int i = 0; i < words.length; i++) {
            common(CommonLayout.DRIVER_FEATURE_SELECT, 4, i);
            common(CommonLayout.DRIVER_FEATURE, 4, words[i] & 0xffff_ffffL);
        }
        status(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK);
    }

    void select(int queue) {
        common(CommonLayout.QUEUE_SELECT, 2, queue);
    }

    /** Sets up a queue somewhere and enables it. */
    void enable(int queue, int size) {
        select(queue);
        common(CommonLayout.QUEUE_SIZE, 2, size);
        common(CommonLayout.QUEUE_DESC, 8, 0x10000L * (queue + 1));
        common(CommonLayout.QUEUE_DRIVER, 8, 0x10000L * (queue + 1) + 0x4000);
        common(CommonLayout.QUEUE_DEVICE, 8, 0x10000L * (queue + 1) + 0x8000);
        common(CommonLayout.QUEUE_ENABLE, 2, 1);
    }

    void driverOk() {
        status(status() | DeviceStatus.DRIVER_OK);
    }

    /** Brings the function up as a driver does: all that is offered, all queues, and then it is ready. */
    TestHost up() {
        config(COMMAND, 2, COMMAND_RUN);
        negotiate(device.offered().low(), device.offered().high());
        for (int i = 0; i < device.queueCount(); i++) {
            enable(i, 64);
        }
        driverOk();
        return this;
    }

    /** Enables messages, with every vector of the table open. */
    TestHost messages() {
        int at = capability(MSIX);
        for (int i = 0; i <= (config(at + 2, 2) & 0x7ff); i++) {
            vectorMask(i, false);
        }
        config(at + 2, 2, ENABLE);
        return this;
    }

    void vectorMask(int vector, boolean masked) {
        write(function, tableBar(), vector * 16L + 12, 4, masked ? 1 : 0);
    }

    RegionId tableBar() {
        return RegionId.valueOf("BAR" + (config(capability(MSIX) + 4, 4) & 7));
    }

    long pending(int vector) {
        long at = config(capability(MSIX) + 8, 4) & ~7L;
        return read(function, tableBar(), at + vector / 8, 1) >> (vector % 8) & 1;
    }

    void functionReset() {
        int at = capability(EXPRESS) + 8;
        config(at, 2, config(at, 2) | 0x8000);
    }
}
