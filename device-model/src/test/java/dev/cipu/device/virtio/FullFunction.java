package dev.cipu.device.virtio;

import dev.cipu.device.pci.FunctionKind;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.VirtualFunctions;

/** A function that has every capability there is, for those who read its configuration space. */
final class FullFunction {
    private static final VirtioPciTraits VIRTUAL = VirtioPciTraits.usual().withKind(FunctionKind.VIRTUAL);

    private FullFunction() {}

    static TestHost host() {
        return new TestHost(
                new SampleDevice(),
                VirtioPciTraits.usual()
                        .withSerial(0x0102_0304_0506_0708L)
                        .withVirtual(new VirtualFunctions(
                                4, 0x1049, 8, 1, VirtioPciFunction.bars(3, VIRTUAL), new VirtualFunctions.Factory() {
                                    @Override
                                    public PciFunction appear(int index) {
                                        throw new AssertionError("nobody has asked");
                                    }

                                    @Override
                                    public void disappear(int index, PciFunction function) {}
                                })));
    }
}
