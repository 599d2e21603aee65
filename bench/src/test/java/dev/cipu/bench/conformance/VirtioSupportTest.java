package dev.cipu.bench.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** docs/virtio-support.md says what the code has. */
class VirtioSupportTest {
    private static PeerFeatures peers() {
        Path root = GeneratedPage.root();
        Path list = Excuses.path(root, "peers.tsv");
        PeerFeatures peers = PeerFeatures.read(list);
        if (GeneratedPage.isToBeWritten()) {
            peers.addNoted(root);
            peers.write(list);
        }
        return peers;
    }

    @Test
    void thePageIsUpToDate() throws IOException {
        GeneratedPage.check("virtio-support.md", new SupportTable(peers()).page());
    }

    @Test
    void everyBitThatIsOfferedOrAcceptedHasAName() {
        assertThat(new SupportTable(peers()).unknown()).isEmpty();
    }

    @Test
    void whatPeersAcceptedOnlyGrows() {
        PeerFeatures peers = new PeerFeatures(new TreeMap<>());
        peers.add("linux\tnet\t0,5");
        peers.add("linux\tblk\t9");
        peers.add("linux\tnet\t5,32");
        peers.add("dpdk\tnet\t5");
        assertThat(peers.of("net", 0)).containsExactly("linux");
        assertThat(peers.of("net", 5)).containsExactly("dpdk", "linux");
        assertThat(peers.of("net", 9)).isEmpty();
        assertThat(peers.of("blk", 9)).containsExactly("linux");
        assertThatThrownBy(() -> peers.add("linux\tnet")).hasMessageContaining("PEER TAB KIND");
    }
}
