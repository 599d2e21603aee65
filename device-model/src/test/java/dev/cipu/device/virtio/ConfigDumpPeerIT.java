package dev.cipu.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code lspci} makes of a configuration space as text. */
class ConfigDumpPeerIT {
    @Test
    void lspciUnderstandsIt(@TempDir Path folder) throws Exception {
        // ./check says who is here, and with CI=true fails for those who are not
        assumeTrue(
                Arrays.asList(System.getProperty("cipu.peers", "").split(",")).contains("lspci"),
                "lspci is missing (Debian: pciutils)");
        Path text = Files.writeString(
                folder.resolve("dump"), FullFunction.host().function.dump("00:04.0"));
        Path said = folder.resolve("said");
        Process lspci = new ProcessBuilder("lspci", "-vvv", "-n", "-F", text.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .redirectOutput(said.toFile())
                .start();
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
                .noneMatch(line -> line.contains("??"))
                .noneMatch(line -> line.contains("!!!"));
    }
}
