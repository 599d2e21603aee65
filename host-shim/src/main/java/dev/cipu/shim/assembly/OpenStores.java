package dev.cipu.shim.assembly;

import dev.cipu.dataplane.blk.BlockStore;
import dev.cipu.dataplane.blk.MemoryStore;
import dev.cipu.dataplane.blk.NullStore;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.store.FileStore;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stores that devices of the card use at present: each is opened by its first user and closed after its last one. Any
 * thread: devices come with their hosts, too.
 */
final class OpenStores implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OpenStores.class);

    private final Map<String, Opened> opened = new HashMap<>();

    private static final class Opened {
        final BlockStore store;
        int users;

        Opened(BlockStore store) {
            this.store = store;
        }
    }

    /** The store of this name, for one more user, who {@link #release releases} it. */
    synchronized BlockStore use(String name, StoreSpec description) {
        Opened store = opened.computeIfAbsent(name, _ -> new Opened(open(name, description)));
        store.users++;
        return store.store;
    }

    /** One user less; no worker may have a channel of his to the store any more. */
    synchronized void release(String name) {
        Opened store = opened.get(name);
        if (store == null) {
            throw new IllegalStateException("store " + name + " is not open");
        }
        if (--store.users == 0) {
            opened.remove(name);
            close(name, store);
        }
    }

    private static BlockStore open(String name, StoreSpec store) {
        try {
            return switch (store) {
                case StoreSpec.Memory memory -> new MemoryStore(memory.bytes());
                case StoreSpec.Nothing nothing -> new NullStore(nothing.bytes());
                case StoreSpec.OnFile file ->
                    FileStore.open(
                            file.path(),
                            FileStore.Options.DEFAULT
                                    .withDirect(file.direct())
                                    .withReadOnly(file.readOnly())
                                    .withCreateBytes(file.createBytes()));
            };
        } catch (PosixException e) {
            throw new ResourceException(name + ": " + e.getMessage() + "; check the store's path and options", e);
        } catch (IllegalArgumentException e) {
            throw new CardSpecException(name + ": " + e.getMessage() + "; choose another store", e);
        }
    }

    private static void close(String name, Opened store) {
        try {
            store.store.close();
        } catch (RuntimeException e) {
            LOG.error("store {} did not close", name, e);
        }
    }

    /** Closes what is left, after the workers have ended. */
    @Override
    public synchronized void close() {
        opened.forEach(OpenStores::close);
        opened.clear();
    }
}
