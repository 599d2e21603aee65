package dev.cipu.shim.conform;

import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.vfio.client.PciRig;
import dev.cipu.shim.vfio.client.VirtioRegisters;
import dev.cipu.virtio.DeviceStatus;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkFeature;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Words of features, and the device's own configuration with its generation. {@code [virtio-1.4 §4.1.4.3]} */
final class PciFeatureChecks {
    private static final int WORDS = 4;

    /** Where no feature of any device is. */
    private static final int[] BEYOND = {4, 5, 7, 8, 0x20, 0x100, 0x1_0000, 0x7fff_ffff, 0x8000_0000, -1};

    /** Changes of the configuration that are made, each with its own generation. */
    private static final int CHANGES = 4;

    private static final int DRIVER = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER;

    private PciFeatureChecks() {}

    static List<Check<PciTrial>> all() {
        return List.of(
                Check.any(PciFeatureChecks::halves, "PC-008"),
                Check.any(PciFeatureChecks::offered, "PC-014"),
                Check.any(PciFeatureChecks::accepted, "PC-015"),
                Check.rough(PciFeatureChecks::invalid, "PC-016"),
                Check.any(PciFeatureChecks::generation, "PC-017"));
    }

    private static void halves(PciTrial trial) {
        trial.need(!trial.isNet(), "a network device has no field of 64 bits");
        VirtioRegisters registers = trial.connect().registers();
        byte[] upper = registers.device(BlkConfig.CAPACITY + 4, 4);
        byte[] lower = registers.device(BlkConfig.CAPACITY, 4);
        byte[] whole = Disk.join(registers.device(BlkConfig.CAPACITY, 4), registers.device(BlkConfig.CAPACITY + 4, 4));
        boolean same = Arrays.equals(whole, Disk.join(lower, upper));
        boolean first = Arrays.equals(registers.device(BlkConfig.CAPACITY, 1), Arrays.copyOf(lower, 1));
        trial.check(
                "PC-008",
                same && first,
                "capacity in halves, in either order, is "
                        + (same && first
                                ? "the same"
                                : Arrays.toString(whole) + " or " + Arrays.toString(lower) + Arrays.toString(upper)));
    }

    private static void offered(PciTrial trial) {
        VirtioRegisters registers = trial.connect().registers();
        for (int select : BEYOND) {
            int word = registers.offeredWord(select);
            if (word != 0) {
                trial.fail("PC-014", "word " + Integer.toUnsignedString(select) + " is 0x" + Integer.toHexString(word));
            }
        }
        for (int i = WORDS - 1; i >= 0; i--) {
            int word = registers.offeredWord(i);
            if (word != VirtioRegisters.word(trial.survey().offered(), i)) {
                trial.fail("PC-014", "word " + i + " is 0x" + Integer.toHexString(word) + " now, and was not before");
            }
        }
        trial.pass("PC-014", "4 words of features, 0 beyond");
    }

    private static void accepted(PciTrial trial) {
        PciRig rig = trial.connect();
        VirtioRegisters registers = rig.registers();
        rig.status(DRIVER);
        for (FeatureSet set :
                List.of(trial.survey().offered(), trial.survey().offered().and(PciRig.LEAST))) {
            for (int i = 0; i < WORDS; i++) {
                registers.accept(i, VirtioRegisters.word(set, i));
            }
            for (int i = WORDS - 1; i >= 0; i--) {
                int word = registers.acceptedWord(i);
                if (word != VirtioRegisters.word(set, i)) {
                    trial.fail("PC-015", "word " + i + " of " + set + " reads 0x" + Integer.toHexString(word));
                }
            }
        }
        for (int select : BEYOND) {
            int word = registers.acceptedWord(select);
            if (word != 0) {
                trial.fail("PC-015", "word " + Integer.toUnsignedString(select) + " is 0x" + Integer.toHexString(word));
            }
        }
        trial.pass("PC-015", "what was written is read, 0 beyond");
    }

    private static void invalid(PciTrial trial) {
        PciRig rig = trial.connect();
        rig.status(DRIVER);
        int last = WORDS - 1;
        int wrong = ~VirtioRegisters.word(trial.survey().offered(), last);
        rig.registers().accept(last, wrong);
        int word = rig.registers().acceptedWord(last);
        trial.pass("PC-016", "bits that are not offered are " + (word == 0 ? "not mirrored" : "mirrored"));
    }

    /** A configuration, and the generation that was read after it. */
    private record State(ByteBuffer config, int generation) {
        static State of(VirtioRegisters registers) {
            int generation;
            byte[] config;
            int attempts = 0;
            do {
                generation = registers.common(CommonLayout.GENERATION);
                config = registers.device(0, registers.deviceBytes());
            } while (registers.common(CommonLayout.GENERATION) != generation && ++attempts < CHANGES);
            return new State(ByteBuffer.wrap(config), registers.common(CommonLayout.GENERATION));
        }

        boolean shows(State other) {
            return config.equals(other.config);
        }
    }

    private static void generation(PciTrial trial) {
        PciRig rig = trial.connect();
        State before = State.of(rig.registers());
        int alone = 0;
        boolean changed = false;
        for (int i = 0; i < CHANGES; i++) {
            trial.watch();
            State after = State.of(rig.registers());
            boolean moved = after.generation() != before.generation();
            alone += moved && after.shows(before) ? 1 : 0;
            if (!after.shows(before)) {
                changed = true;
                trial.check(
                        "PC-017", moved, "the configuration changed, the generation " + (moved ? "too" : "did not"));
            }
            before = after;
        }
        if (alone == CHANGES) {
            trial.fail("PC-017", "the generation moves although nothing changes: a driver would read for ever");
        }
        boolean mine = !trial.isNet() && trial.offers(BlkFeature.CONFIG_WCE) && trial.offers(BlkFeature.FLUSH);
        if (mine) {
            ownChanges(trial);
        }
        trial.need(changed || alone > 0, "nothing in the configuration changed, and a driver has no way to change it");
    }

    /** What the driver itself may change. {@code [virtio-1.4 §5.2.5]} */
    private static void ownChanges(PciTrial trial) {
        PciRig rig = trial.ready(FeatureSet.of(BlkFeature.CONFIG_WCE, BlkFeature.FLUSH));
        State before = State.of(rig.registers());
        for (int i = 0; i < CHANGES; i++) {
            byte mode = (byte) (before.config().get(BlkConfig.WRITEBACK) == 0 ? 1 : 0);
            rig.registers().device(BlkConfig.WRITEBACK, new byte[] {mode});
            State after = State.of(rig.registers());
            trial.need(!after.shows(before), "the device keeps its cache mode");
            boolean moved = after.generation() != before.generation();
            trial.check(
                    "PC-017",
                    moved,
                    "the cache mode changed, and the generation from " + before.generation() + " to "
                            + after.generation());
            before = after;
        }
    }
}
