package dev.cipu.shim.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.blk.Zones;
import dev.cipu.virtio.blk.BlkZone;
import dev.cipu.virtio.blk.ZoneTraits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ZoneFileTest {
    private static final int ZONE = 2048;
    private static final int ZONES = 8;
    private static final ZoneTraits TRAITS = ZoneTraits.managed(ZONE).withConventional(1);

    @TempDir
    private Path dir;

    private Path image() {
        return dir.resolve("disk");
    }

    private FileStore store() {
        return FileStore.open(image(), FileStore.Options.DEFAULT.withCreateBytes((long) ZONES * ZONE * 512));
    }

    @Test
    void wordsSurviveTheProcess() {
        try (FileStore store = store()) {
            try (ZoneFile file = ZoneFile.open(image(), store, TRAITS)) {
                assertThat(file.load(3)).isZero();
                file.save(3, 0x1234_56_78_9aL);
                file.save(7, -1);
                assertThat(file.sync()).isTrue();
            }
            try (ZoneFile file = ZoneFile.open(image(), store, TRAITS)) {
                assertThat(file.load(3)).isEqualTo(0x1234_56_78_9aL);
                assertThat(file.load(7)).isEqualTo(-1);
                assertThat(file.load(4)).isZero();
            }
        }
        assertThat(dir.resolve("disk.zones.new")).doesNotExist();
    }

    @Test
    void dataFromBeforeTheZonesIsKept() throws IOException {
        store().close();
        try (FileChannel channel = FileChannel.open(image(), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(4096).put(0, (byte) 1), 100);
            channel.write(ByteBuffer.allocate(4096).put(0, (byte) 1), 5L * ZONE * 512 + (1 << 19));
        }
        try (FileStore store = store();
                ZoneFile file = ZoneFile.open(image(), store, TRAITS)) {
            Zones zones = new Zones(TRAITS, store.sectors(), file);
            for (int zone = 1; zone < ZONES; zone++) {
                assertThat(zones.state(zone)).isEqualTo(zone == 5 ? BlkZone.FULL : BlkZone.EMPTY);
            }
            assertThat(zones.state(0)).isEqualTo(BlkZone.NOT_WP);
            assertThat(zones.written(5)).isEqualTo(ZONE);
        }
    }

    @Test
    void anotherDivisionIsRefused() throws IOException {
        try (FileStore store = store()) {
            ZoneFile.open(image(), store, TRAITS).close();
            assertThatThrownBy(() -> ZoneFile.open(image(), store, TRAITS.withConventional(2)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(
                            "disk.zones holds zones of 2048 sectors, 1 of them conventional, of a disk of 16384");
            assertThatThrownBy(() -> ZoneFile.open(image(), store, ZoneTraits.managed(1024)))
                    .isInstanceOf(IllegalArgumentException.class);
            for (String content : new String[] {"", "short", "x".repeat(64 + 8 * ZONES)}) {
                Files.writeString(ZoneFile.beside(image()), content);
                assertThatThrownBy(() -> ZoneFile.open(image(), store, TRAITS))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("does not hold zones");
            }
        }
    }
}
