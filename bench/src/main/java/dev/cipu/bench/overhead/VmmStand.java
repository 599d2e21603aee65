package dev.cipu.bench.overhead;

import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.RunLength;
import dev.cipu.shim.load.OrderPlan;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** QEMU with devices of its own and an emulated guest that drives them. */
final class VmmStand implements Stand {
    /**
     * What an emulated guest needs.
     *
     * @param qemu the program
     * @param kernel a Linux kernel
     * @param initrd with the guest's tools
     */
    record Image(String qemu, Path kernel, Path initrd) {}

    private VmmStand() {}

    static VmmStand start(Children children, Image image, int hostCore, int deviceCore)
            throws IOException, InterruptedException {
        return new VmmStand();
    }

    @Override
    public Way way() {
        return Way.VMM;
    }

    @Override
    public @Nullable String refusal(Work work) {
        return "not yet";
    }

    @Override
    public boolean takesOrders() {
        return false;
    }

    @Override
    public Measured measure(Work work, RunLength length, @Nullable OrderPlan orders, boolean profile) {
        throw new IllegalStateException("not yet");
    }
}
