package dev.cipu.bench.overhead;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * Tells another process how many bytes some threads of this one have allocated: for each byte that comes through a socket the
 * sum goes back, as eight bytes. Its thread sleeps otherwise.
 */
final class AllocationProbe {
    private AllocationProbe() {}

    /** Serves one client after the other for the life of this process. */
    static void serve(Path socket, List<Long> threads) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        long[] ids = threads.stream().mapToLong(Long::longValue).toArray();
        Thread.ofPlatform().name("allocation-probe").daemon().start(() -> serve(server, ids));
    }

    private static void serve(ServerSocketChannel server, long[] threads) {
        ThreadMXBean beans = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        ByteBuffer question = ByteBuffer.allocateDirect(1);
        ByteBuffer answer = ByteBuffer.allocateDirect(Long.BYTES);
        while (true) {
            try (SocketChannel client = server.accept()) {
                while (client.read(question.clear()) > 0) {
                    long sum = 0;
                    for (long bytes : beans.getThreadAllocatedBytes(threads)) {
                        sum += bytes;
                    }
                    client.write(answer.clear().putLong(sum).flip());
                }
            } catch (IOException e) {
                System.err.println("allocation probe: " + e);
                return;
            }
        }
    }

    /** The other end. One thread uses it. */
    static final class Client implements AutoCloseable {
        private final SocketChannel channel;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(Long.BYTES);

        Client(Path socket) throws IOException {
            channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        }

        /** Bytes allocated so far. */
        long ask() throws IOException {
            channel.write(buffer.clear().limit(1));
            buffer.clear();
            while (buffer.hasRemaining()) {
                if (channel.read(buffer) < 0) {
                    throw new IOException("the device's process has gone");
                }
            }
            return buffer.flip().getLong();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
