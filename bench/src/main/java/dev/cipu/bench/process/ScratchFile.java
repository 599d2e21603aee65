package dev.cipu.bench.process;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/** A file full of noise, with all its blocks allocated; gone when closed or when this process ends. */
public final class ScratchFile implements AutoCloseable {
    private static final int CHUNK = 1 << 20;

    private final Path path;

    private ScratchFile(Path path) {
        this.path = path;
    }

    /**
     * @param megabytes its size
     */
    public static ScratchFile create(Path folder, int megabytes) throws IOException {
        ScratchFile file = new ScratchFile(Files.createTempFile(folder, "cipu-bench", ".img"));
        file.path.toFile().deleteOnExit();
        byte[] noise = new byte[CHUNK];
        new Random(megabytes).nextBytes(noise);
        try (FileChannel channel = FileChannel.open(file.path, StandardOpenOption.WRITE)) {
            for (int i = 0; i < megabytes; i++) {
                ByteBuffer chunk = ByteBuffer.wrap(noise);
                while (chunk.hasRemaining()) {
                    channel.write(chunk);
                }
            }
            channel.force(true);
        } catch (IOException e) {
            file.close();
            throw e;
        }
        return file;
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(path);
    }
}
