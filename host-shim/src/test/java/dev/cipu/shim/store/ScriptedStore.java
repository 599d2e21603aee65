package dev.cipu.shim.store;

import dev.cipu.dataplane.blk.BlockChannel;
import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.dataplane.blk.BlockTask;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A kernel of its own: carries file operations out on an array, except for the results that a test prescribes. */
final class ScriptedStore implements BlockStore {
    /** Stands for a result that is not prescribed. */
    static final int HONEST = Integer.MIN_VALUE;

    final byte[] disk;
    final List<Integer> script = new ArrayList<>();
    final List<Integer> opcodes = new ArrayList<>();
    private final int alignment;

    ScriptedStore(int bytes, int alignment) {
        disk = new byte[bytes];
        this.alignment = alignment;
    }

    @Override
    public long sectors() {
        return disk.length / 512;
    }

    @Override
    public int blockSize() {
        return Math.max(512, alignment);
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
    public BlockChannel channel(int tasks) {
        FileTask file = new FileTask(Arena.ofAuto(), alignment, new Holes());
        return new BlockChannel() {
            @Override
            public void submit(BlockTask task) {
                file.begin(task);
                do {
                    opcodes.add(file.opcode());
                } while (file.advance(issue(file)));
                file.complete();
            }

            @Override
            public int poll() {
                return 0;
            }

            @Override
            public int inFlight() {
                return 0;
            }

            @Override
            public void close() {}
        };
    }

    private int issue(FileTask file) {
        int prescribed = script.isEmpty() ? HONEST : script.removeFirst();
        if (prescribed < 0 && prescribed != HONEST) {
            return prescribed;
        }
        int limit = prescribed == HONEST ? Integer.MAX_VALUE : prescribed;
        return switch (file.opcode()) {
            case FileOp.READ, FileOp.WRITE -> move(file, file.address(), file.length(), 0, limit);
            case FileOp.READV, FileOp.WRITEV -> moveVectors(file, limit);
            default -> 0;
        };
    }

    private int moveVectors(FileTask file, int limit) {
        MemorySegment vectors = at(file.address(), file.length() * 16L);
        int moved = 0;
        for (int i = 0; i < file.length() && moved < limit; i++) {
            int bytes = (int) vectors.get(ValueLayout.JAVA_LONG, i * 16L + 8);
            moved += move(file, vectors.get(ValueLayout.JAVA_LONG, i * 16L), bytes, moved, limit - moved);
        }
        return moved;
    }

    private int move(FileTask file, long address, int length, int moved, int limit) {
        int bytes = Math.min(length, limit);
        int from = (int) file.offset() + moved;
        if (file.opcode() == FileOp.READ || file.opcode() == FileOp.READV) {
            MemorySegment.copy(disk, from, at(address, bytes), ValueLayout.JAVA_BYTE, 0, bytes);
        } else {
            MemorySegment.copy(at(address, bytes), ValueLayout.JAVA_BYTE, 0, disk, from, bytes);
        }
        return bytes;
    }

    @SuppressWarnings("restricted")
    private static MemorySegment at(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    @Override
    public void close() {}
}
