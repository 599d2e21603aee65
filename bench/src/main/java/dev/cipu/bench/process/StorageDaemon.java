package dev.cipu.bench.process;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** QEMU's storage daemon as a vhost-user disk: one queue, served by one thread that polls. */
public final class StorageDaemon {
    public static final String PROGRAM = "qemu-storage-daemon";
    public static final String PACKAGE = "qemu-utils";

    /** A disk that moves no data. */
    public static final String NULL_NODE = "driver=null-co,node-name=disk,size=1073741824,read-zeroes=off";

    private static final Duration START = Duration.ofSeconds(30);

    /** Long enough that the daemon's thread never stops polling between two requests of any of our jobs. */
    private static final int POLL_NANOS = 1_000_000;

    private StorageDaemon() {}

    /**
     * Starts it and waits until it listens.
     *
     * @param program where it is
     * @param node the {@code --blockdev} that it serves, called disk
     */
    public static Child start(Children children, int core, String program, String node, Path socket)
            throws IOException, InterruptedException {
        Child server = children.start(
                PROGRAM,
                core,
                false,
                List.of(
                        program,
                        "--blockdev",
                        node,
                        "--object",
                        "iothread,id=poller,poll-max-ns=" + POLL_NANOS,
                        "--export",
                        "type=vhost-user-blk,id=export,node-name=disk,addr.type=unix,addr.path=" + socket
                                + ",writable=on,num-queues=1,iothread=poller,logical-block-size=512"));
        server.awaitSocket(socket, START);
        return server;
    }
}
