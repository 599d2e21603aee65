package dev.cipu.device.virtio;

import dev.cipu.device.pci.FunctionKind;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.VirtualFunctions;
import java.util.List;

/** A function that has every capability there is, for those who read its configuration space. */
final class FullFunction {
    private static final VirtioPciTraits VIRTUAL =
            VirtioPciTraits.builder().kind(FunctionKind.VIRTUAL).build();

    private FullFunction() {}

    static TestHost host() {
        return new TestHost(
                new SampleDevice(),
                VirtioPciTraits.builder()
                        .serial(0x0102_0304_0506_0708L)
                        .virtual(new VirtualFunctions(
                                4, 0x1049, 8, 1, VirtioPciFunction.bars(3, VIRTUAL), new VirtualFunctions.Factory() {
                                    @Override
                                    public List<PciFunction> appear(int count) {
                                        throw new AssertionError("nobody has asked");
                                    }

                                    @Override
                                    public void disappear(List<PciFunction> functions) {}
                                }))
                        .build());
    }
}
