package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.dataplane.blk.BlockChannel;
import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.dataplane.blk.Disk;
import dev.cipu.dataplane.blk.NullStore;
import dev.cipu.shim.card.CardFunction;
import dev.cipu.shim.card.EmbeddedGuest;
import dev.cipu.shim.card.FunctionListener;
import dev.cipu.virtio.FeaturePreset;
import dev.cipu.virtio.blk.BlkConfig;
import dev.cipu.virtio.blk.BlkDevice;
import dev.cipu.virtio.blk.BlkRequest;
import dev.cipu.virtio.blk.BlkTraits;
import dev.cipu.virtio.blk.BlkZone;
import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.driver.BlkDriver;
import dev.cipu.virtio.memory.Le;
import dev.cipu.virtio.ring.Violation;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Disks of a whole card: their zones after a restart, and their size when the file has another one. */
@Timeout(60)
class DiskFunctionTest {
    @TempDir
    private Path directory;

    private CardAssembly card(String options) {
        return CardAssembly.start(new CardSpecBuilder()
                .idle("idle", "sleep")
                .stats(directory.resolve("counters"))
                .blk(KeyValues.parse("--blk", "socket=/tmp/none,id=d," + options))
                .build());
    }

    private String file() {
        return "store=file:" + directory.resolve("disk");
    }

    private void size(long bytes) throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(directory.resolve("disk").toFile(), "rw")) {
            file.setLength(bytes);
        }
    }

    /** A guest with one queue. */
    private static final class Client implements AutoCloseable {
        final EmbeddedGuest guest;
        final BlkDriver driver;
        final long data;

        Client(CardFunction function) {
            guest = new EmbeddedGuest(function, FeaturePreset.SOFTWARE.allowed(), 1 << 20);
            driver = new BlkDriver(guest.start(0, 16, 0), guest.memory());
            data = guest.memory().allocate(65536, 512);
        }

        int run(int type, long sector, int bytes) {
            driver.submit(type, sector, data, bytes);
            if (driver.publish()) {
                guest.kick(0);
            }
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (driver.poll() < 0) {
                assertThat(System.nanoTime()).as("no answer").isLessThan(end);
                LockSupport.parkNanos(10_000);
            }
            return driver.status();
        }

        @Override
        public void close() {
            guest.close();
        }
    }

    @Test
    @Conforms({"BK-018", "BK-019"})
    void aNewSizeOfTheFileIsANewCapacityAndTheDriverIsTold() throws IOException {
        size(1 << 20);
        AtomicInteger told = new AtomicInteger();
        try (CardAssembly card = card(file())) {
            CardFunction function = card.function("d");
            BlkDevice device = (BlkDevice) function.device();
            try (Client client = new Client(function)) {
                function.listen(counting(told));
                card.refresh();
                assertThat(told).hasValue(0);
                assertThat(client.run(BlkRequest.OUT, 2048, 4096)).isEqualTo(BlkRequest.IOERR);
                size(2 << 20);
                card.refresh();
                assertThat(told).hasValue(1);
                assertThat(device.capacity()).isEqualTo(4096);
                byte[] capacity = new byte[8];
                device.readConfig(BlkConfig.CAPACITY, capacity);
                assertThat(capacity).containsExactly(0, 0x10, 0, 0, 0, 0, 0, 0);
                assertThat(client.run(BlkRequest.OUT, 2048, 4096)).isEqualTo(BlkRequest.OK);
                size(1 << 19);
                // before anybody has looked, the file itself says no
                assertThat(client.run(BlkRequest.IN, 2048, 4096)).isEqualTo(BlkRequest.IOERR);
                card.refresh();
                assertThat(told).hasValue(2);
                assertThat(client.run(BlkRequest.IN, 1024, 512)).isEqualTo(BlkRequest.IOERR);
                assertThat(client.run(BlkRequest.IN, 1023, 512)).isEqualTo(BlkRequest.OK);
            }
        }
    }

    private static FunctionListener counting(AtomicInteger told) {
        return new FunctionListener() {
            @Override
            public void queueBroken(int queue, Violation kind) {}

            @Override
            public void queueFaulted(int queue, boolean alone) {}

            @Override
            public void memoryFault() {}

            @Override
            public void configChanged() {
                told.incrementAndGet();
            }
        };
    }

    /** A file system that turns out to have no holes. */
    private static final class Solid implements BlockStore {
        final BlockStore inner = new NullStore(1 << 20);
        boolean holes = true;

        @Override
        public long sectors() {
            return inner.sectors();
        }

        @Override
        public int blockSize() {
            return inner.blockSize();
        }

        @Override
        public boolean readOnly() {
            return false;
        }

        @Override
        public boolean canDiscard() {
            return true;
        }

        @Override
        public boolean canUnmap() {
            return holes;
        }

        @Override
        public BlockChannel channel(int tasks) {
            return inner.channel(tasks);
        }

        @Override
        public void close() {}
    }

    @Test
    @Conforms({"BK-027", "BK-028", "BK-029"})
    void aStoreThatCannotUnmapAfterAllTellsTheDriver() {
        Solid store = new Solid();
        BlkDevice device = new BlkDevice(BlkTraits.of(store.sectors()).withDiscard(true));
        BlkFunction function = new BlkFunction(device, Disk.of(store), List.of());
        AtomicInteger told = new AtomicInteger();
        function.listen(counting(told));
        function.refresh();
        store.holes = false;
        function.refresh();
        function.refresh();
        assertThat(told).hasValue(1);
        byte[] field = new byte[1];
        device.readConfig(BlkConfig.WRITE_ZEROES_MAY_UNMAP, field);
        assertThat(field[0]).isZero();
    }

    /** An image that is exchanged while its machine is off, and the machine switched on at once. */
    @Test
    @Conforms("BK-018")
    void whoBeginsToUseADiskFindsItAsLargeAsItIs() throws IOException {
        size(1 << 20);
        AtomicInteger told = new AtomicInteger();
        try (CardAssembly card = card(file())) {
            CardFunction function = card.function("d");
            BlkDevice device = (BlkDevice) function.device();
            size(0);
            card.refresh();
            size(2 << 20);
            function.listen(counting(told));
            assertThat(device.capacity()).isEqualTo(4096);
            card.refresh();
            assertThat(told).as("it is no change to who never saw another").hasValue(0);
            size(3 << 20);
            function.listen(FunctionListener.NONE);
            assertThat(device.capacity()).as("nobody is there").isEqualTo(4096);
        }
    }

    @Test
    void zonesOfAFileAreThereAfterARestart() throws IOException {
        String options = file() + ",size=4M,zoned=host-managed,zone-size=64k,zones-conventional=2,max-open=4,queues=1";
        try (CardAssembly card = card(options);
                Client client = new Client(card.function("d"))) {
            assertThat(client.run(BlkRequest.OUT, 2 * 128, 4096)).isEqualTo(BlkRequest.OK);
            assertThat(client.run(BlkRequest.ZONE_APPEND, 3 * 128, 1024)).isEqualTo(BlkRequest.OK);
            assertThat(client.run(BlkRequest.ZONE_FINISH, 3 * 128, 0)).isEqualTo(BlkRequest.OK);
            assertThat(client.run(BlkRequest.OUT, 4 * 128, 4096)).isEqualTo(BlkRequest.OK);
            assertThat(client.run(BlkRequest.ZONE_RESET, 4 * 128, 0)).isEqualTo(BlkRequest.OK);
        }
        try (CardAssembly card = card(options);
                Client client = new Client(card.function("d"))) {
            assertThat(client.run(BlkRequest.ZONE_REPORT, 0, 4096)).isEqualTo(BlkRequest.OK);
            long report = client.guest.memory().offset(client.data);
            byte[] expected = {BlkZone.NOT_WP, BlkZone.NOT_WP, BlkZone.CLOSED, BlkZone.FULL, BlkZone.EMPTY};
            for (int i = 0; i < expected.length; i++) {
                assertThat(BlkZone.state(client.guest.memory().segment(), BlkZone.descriptor(report, i)))
                        .as("zone %d", i)
                        .isEqualTo(expected[i]);
            }
            assertThat(client.run(BlkRequest.OUT, 2 * 128, 4096)).isEqualTo(BlkRequest.ZONE_UNALIGNED_WP);
            assertThat(client.run(BlkRequest.OUT, 2 * 128 + 8, 4096)).isEqualTo(BlkRequest.OK);
        }
        assertThatThrownBy(() ->
                        card(options.replace("zone-size=64k", "zone-size=128k")).close())
                .isInstanceOf(CardSpecException.class)
                .hasMessageStartingWith("d: ")
                .hasMessageContaining("disk.zones holds zones of 128 sectors")
                .hasMessageEndingWith("; give the zones that it had, or remove that file");
        Files.delete(directory.resolve("disk.zones"));
        card(options.replace("zone-size=64k", "zone-size=128k")).close();
    }

    @Test
    void aDiskTellsItsWearAndErases() {
        try (CardAssembly card = card("store=mem:4M,lifetime=1M,worn=768k,secure-erase=on");
                Client client = new Client(card.function("d"))) {
            assertThat(client.run(BlkRequest.GET_LIFETIME, 0, 6)).isEqualTo(BlkRequest.OK);
            long at = client.guest.memory().offset(client.data);
            assertThat(client.guest.memory().segment().get(Le.SHORT_UNALIGNED, at + 4))
                    .isEqualTo((short) 8);
            int bytes = client.driver.range(client.data, 0, 8, 8, 0);
            assertThat(client.run(BlkRequest.SECURE_ERASE, 0, bytes)).isEqualTo(BlkRequest.OK);
        }
    }

    @Test
    void tooManyConventionalZonesAreRefusedInALine() {
        assertThatThrownBy(() -> card("store=mem:4M,zoned=host-managed,zone-size=1M,zones-conventional=5")
                        .close())
                .isInstanceOf(CardSpecException.class)
                .hasMessage("d: 4 zones, 5 of them conventional; choose another zone-size or store");
    }
}
