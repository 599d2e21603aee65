package dev.cipu.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipu.device.pci.FunctionKind;
import dev.cipu.device.pci.PciFunction;
import dev.cipu.device.pci.VirtualFunctions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Configuration space as text, and what {@code lspci} makes of it. */
class ConfigDumpTest {
    private static final VirtioPciTraits VIRTUAL =
            VirtioPciTraits.builder().kind(FunctionKind.VIRTUAL).build();

    private final TestHost host = new TestHost(
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

    @Test
    void everyByteIsThere() throws IOException {
        host.config(TestHost.COMMAND, 2, TestHost.COMMAND_RUN);
        host.config(0x10, 4, 0xfebd_4000L);
        try (var expected = ConfigDumpTest.class.getResourceAsStream("function.txt")) {
            assertThat(expected).isNotNull();
            assertThat(host.function.dump("00:04.0"))
                    .isEqualTo(new String(expected.readAllBytes(), StandardCharsets.US_ASCII));
        }
    }

    @Test
    void aDumpHasNoEffect() {
        host.up();
        host.queues.used(0);
        TestHost.Structure window = host.structure(5);
        host.config(window.at() + 8, 4, host.structure(3).offset());
        host.config(window.at() + 12, 4, 1);
        host.function.dump("00:04.0");
        assertThat(host.isr()).isEqualTo(1);
    }

    @Test
    void lspciUnderstandsIt(@TempDir Path folder) throws Exception {
        Path text = Files.writeString(folder.resolve("dump"), host.function.dump("00:04.0"));
        Path said = folder.resolve("said");
        Process lspci;
        try {
            lspci = new ProcessBuilder("lspci", "-vvv", "-n", "-F", text.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .redirectOutput(said.toFile())
                    .start();
        } catch (IOException e) {
            assumeTrue(false, "lspci is not installed (package pciutils)");
            return;
        }
        assertThat(lspci.waitFor()).isZero();
        List<String> lines =
                Files.readAllLines(said).stream().map(String::strip).toList();
        assertThat(lines).first().isEqualTo("00:04.0 ff00: 1af4:1049 (rev 01)");
        assertThat(lines)
                .contains("Subsystem: 1af4:1100")
                .contains("Capabilities: [48] MSI-X: Enable- Count=4 Masked-")
                .anyMatch(line -> line.startsWith("Capabilities: [54] Express (v2) Endpoint"))
                .anyMatch(line -> line.contains("FLReset+"))
                .anyMatch(line -> line.startsWith("LnkSta:") && line.contains("16GT/s") && line.contains("x16"))
                .anyMatch(line -> line.endsWith("Vendor Specific Information: VirtIO: CommonCfg"))
                .anyMatch(line -> line.endsWith("Vendor Specific Information: VirtIO: Notify"))
                .anyMatch(line -> line.contains("multiplier=00000004"))
                .anyMatch(line -> line.endsWith("Advanced Error Reporting"))
                .contains("Capabilities: [148 v1] Device Serial Number 01-02-03-04-05-06-07-08")
                .anyMatch(line -> line.endsWith("Alternative Routing-ID Interpretation (ARI)"))
                .anyMatch(line -> line.contains("Initial VFs: 4, Total VFs: 4, Number of VFs: 0"))
                .noneMatch(line -> line.contains("??"));
    }
}
