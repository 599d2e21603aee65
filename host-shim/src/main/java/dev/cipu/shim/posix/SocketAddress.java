package dev.cipu.shim.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** struct sockaddr_un: u16 family, then the path with its NUL. */
final class SocketAddress {
    private static final int PATH = 2;
    private static final int PATH_BYTES = 108;

    private SocketAddress() {}

    static MemorySegment of(Path path, Arena arena) {
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        if (name.length == 0 || name.length >= PATH_BYTES) {
            throw new IllegalArgumentException("a socket path has 1 to 107 bytes: " + path);
        }
        MemorySegment address = arena.allocate(PATH + name.length + 1L, 8);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) UnixSocket.AF_UNIX);
        MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, PATH, name.length);
        return address;
    }
}
