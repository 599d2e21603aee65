package dev.cipu.shim.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FdTest {
    @TempDir
    Path folder;

    @Test
    void closingTwiceClosesOnce() throws Exception {
        long before = OpenDescriptors.count();
        Fd fd = Fd.open(folder.resolve("f"), OpenFlag.READ_WRITE | OpenFlag.CREATE, 0600);
        assertThat(OpenDescriptors.count()).isEqualTo(before + 1);
        fd.close();
        fd.close();
        assertThat(OpenDescriptors.count()).isEqualTo(before);
        assertThatThrownBy(fd::number).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void reportsSizeAndType() {
        try (Fd fd = Fd.open(folder.resolve("f"), OpenFlag.READ_WRITE | OpenFlag.CREATE, 0600)) {
            fd.truncate(12_345);
            assertThat(fd.stat().size()).isEqualTo(12_345);
            assertThat(fd.stat().isRegular()).isTrue();
            fd.allocate(0, 0, 20_000);
            assertThat(fd.stat().size()).isEqualTo(20_000);
        }
        try (Fd nothing = Fd.open(Path.of("/dev/null"), OpenFlag.READ_ONLY, 0)) {
            assertThat(nothing.stat().isRegular()).isFalse();
            assertThat(nothing.stat().isBlockDevice()).isFalse();
        }
    }

    @Test
    void namesTheCallAndTheErrorThatFailed() {
        assertThatThrownBy(() -> Fd.open(folder.resolve("missing"), OpenFlag.READ_ONLY, 0))
                .isInstanceOfSatisfying(PosixException.class, e -> {
                    assertThat(e.errnoName()).isEqualTo("ENOENT");
                    assertThat(e.call()).startsWith("open ");
                });
    }

    @Test
    void aDuplicateOutlivesTheOriginal() {
        Memfd memory = Memfd.create("test", 4096);
        try (Fd copy = memory.fd().duplicate()) {
            memory.close();
            assertThat(copy.stat().size()).isEqualTo(4096);
        }
    }
}
