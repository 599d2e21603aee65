package dev.cipu.shim.torture;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Mapping;
import dev.cipu.shim.posix.OpenFlag;
import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Payload;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.shim.vhost.Request;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Shared memory that is not there, not so large, or gone again; and books of requests in flight that were forged. */
final class MemoryAttacks {
    private static final int TABLES = 300;
    private static final String NO_INFLIGHT = "INFLIGHT_SHMFD is not offered";

    private MemoryAttacks() {}

    static List<Attack<Assault>> all() {
        return List.of(
                Attack.any(
                        51, "memory tables of too many, overlapping, empty and missing regions", MemoryAttacks::tables),
                Attack.any(52, "a file that is cut short after it was mapped", MemoryAttacks::truncation),
                Attack.any(53, "regions added twice, without end, and taken away under a ring", MemoryAttacks::regions),
                Attack.any(55, "inflight regions for no queues and for 65535", MemoryAttacks::inflightSizes),
                Attack.any(56, "an inflight region with a forged book", MemoryAttacks::forgedInflight));
    }

    private static Rig agreed(Assault assault) {
        return assault.connect().accept(FeatureSet.of(RingFeature.VERSION_1));
    }

    private static void table(Assault assault, String what, int count, int files, long... regions) {
        Rig rig = agreed(assault);
        Fd[] descriptors = new Fd[files];
        java.util.Arrays.fill(descriptors, rig.file());
        assault.order(rig, what, Request.SET_MEM_TABLE, Payload.table(count, regions), descriptors);
    }

    private static void tables(Assault assault) {
        long guest = Rig.GUEST;
        long size = Rig.BYTES;
        long user = Rig.USER;
        table(assault, "9 regions", 9, 8, guest, size, user, 0);
        table(assault, "2^31 regions", 1 << 31, 1, guest, size, user, 0);
        table(assault, "2 regions with 1 file", 2, 1, guest, 4096, user, 0, guest + 4096, 4096, user + 4096, 4096);
        table(assault, "1 region with 2 files", 1, 2, guest, size, user, 0);
        table(assault, "overlap", 2, 2, guest, size, user, 0, guest + 4096, size - 4096, user + 4096, 0);
        table(assault, "size 0", 1, 1, guest, 0, user, 0);
        table(assault, "beyond the file", 1, 1, guest, 2 * size, user, 0);
        table(assault, "offset beyond the file", 1, 1, guest, 4096, user, 16 * size);
        table(assault, "offset that wraps", 1, 1, guest, 4096, user, -4096);
        table(assault, "size that wraps", 1, 1, guest, -4096, user, 8192);
        table(assault, "addresses that wrap", 1, 1, -4096, size, -4096, 0);
        Exchange victim = assault.victim(FeatureSet.NONE);
        for (int i = 0; i < TABLES && assault.isAnswering(victim.rig()); i++) {
            victim.queue().raw().give(victim.sample().parts().subList(0, 1));
            victim.queue().kick();
            victim.rig().share();
        }
        assault.watch(victim);
    }

    /** The driver's own mapping is not touched behind the cut, or we would be the ones that fault. */
    private static void truncation(Assault assault) {
        Path path = null;
        try {
            path = Files.createTempFile("cipu-torture", ".ram");
            try (Fd file = Fd.open(path, OpenFlag.READ_WRITE, 0)) {
                file.truncate(Rig.BYTES);
                cut(assault, file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            delete(path);
        }
    }

    private static void delete(@org.jspecify.annotations.Nullable Path path) {
        try {
            if (path != null) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void cut(Assault assault, Fd file) {
        Rig rig = assault.ready(FeatureSet.NONE);
        Exchange victim = Exchange.startRaw(rig, assault.kind(), 0);
        // one region more, in which the data will lie
        long guest = Rig.GUEST + (1L << 32);
        byte[] table =
                Payload.table(Rig.GUEST, Rig.SEAM, Rig.USER, 0, guest, Rig.BYTES, Rig.user(Rig.GUEST) + (1L << 40), 0);
        assault.order(rig, "a file of ours", Request.SET_MEM_TABLE, table, rig.file(), file);
        if (!assault.isAnswering(rig)) {
            return;
        }
        file.truncate(0);
        victim.queue().raw().descriptor(0, guest + 4096, 72, 1, 1);
        victim.queue().raw().descriptor(1, guest + 8192, 4097, 2, 0);
        victim.queue().raw().offer(0);
        victim.queue().raw().publish();
        assault.watch(victim);
    }

    private static void regions(Assault assault) {
        Rig rig = agreed(assault);
        assault.need(rig.has(ProtocolFeature.CONFIGURE_MEM_SLOTS), "CONFIGURE_MEM_SLOTS is not offered");
        byte[] region = Payload.region(Rig.GUEST, Rig.SEAM, Rig.USER, 0);
        assault.order(rig, "a region", Request.ADD_MEM_REG, region, rig.file());
        if (assault.isAnswering(rig)) {
            assault.order(rig, "the same region", Request.ADD_MEM_REG, region, rig.file());
        }
        Rig many = agreed(assault);
        for (int i = 0; i < 1100 && assault.isAnswering(many); i++) {
            long at = i * 4096L;
            byte[] page = Payload.region(Rig.GUEST + at, 4096, Rig.USER + at, at % Rig.BYTES);
            assault.order(many, "page after page", Request.ADD_MEM_REG, page, many.file());
        }
        Rig bad = agreed(assault);
        byte[] unknown = Payload.region(Rig.GUEST, 4096, Rig.USER, 0);
        assault.order(bad, "an unknown region taken away", Request.REM_MEM_REG, unknown);
        Rig running = agreed(assault);
        try {
            running.link().demand("ADD_MEM_REG", Request.ADD_MEM_REG, region, running.file());
            Exchange victim = Exchange.startRaw(running, assault.kind(), 0);
            assault.order(running, "memory of a running ring taken away", Request.REM_MEM_REG, region);
            if (assault.isAnswering(running)) {
                victim.queue().raw().give(victim.sample().parts());
                assault.watch(victim);
            }
        } catch (LinkException e) {
            assault.ended("set-up", e);
        }
    }

    private static void inflightSizes(Assault assault) {
        int[][] sizes = {{0, 0}, {0, 128}, {1, 0}, {0xffff, 0xffff}, {1, 0xffff}, {1, 3}};
        for (int[] size : sizes) {
            Rig rig = assault.connect(ProtocolFeature.INFLIGHT_SHMFD);
            assault.need(rig.has(ProtocolFeature.INFLIGHT_SHMFD), NO_INFLIGHT);
            try {
                for (int i = 0; i < 5; i++) {
                    Message reply = rig.link().ask(Request.GET_INFLIGHT_FD, Payload.inflight(0, 0, size[0], size[1]));
                    assault.note("region of " + reply.u64(MessageLayout.INFLIGHT_SIZE) + " bytes");
                    reply.descriptors().close();
                }
            } catch (LinkException e) {
                assault.ended(size[0] + " queues of " + size[1], e);
            }
        }
    }

    private static void forgedInflight(Assault assault) {
        for (int variant = 0; variant < 6; variant++) {
            forge(assault, variant);
        }
        Rig rig = assault.connect(ProtocolFeature.INFLIGHT_SHMFD);
        byte[] tooSmall = Payload.inflight(1L << 40, 0, 1, Exchange.SIZE);
        assault.order(rig, "a file too small", Request.SET_INFLIGHT_FD, tooSmall, rig.file());
        Rig many = assault.connect(ProtocolFeature.INFLIGHT_SHMFD);
        byte[] tooMany = Payload.inflight(Rig.BYTES, 0, 0x7fff, Exchange.SIZE);
        assault.order(many, "too many queues", Request.SET_INFLIGHT_FD, tooMany, many.file());
    }

    private static void forge(Assault assault, int variant) {
        Rig rig = assault.connect(ProtocolFeature.INFLIGHT_SHMFD);
        assault.need(rig.has(ProtocolFeature.INFLIGHT_SHMFD), NO_INFLIGHT);
        rig.accept(Rig.LEAST);
        Message reply = rig.link().ask(Request.GET_INFLIGHT_FD, Payload.inflight(0, 0, 1, Exchange.SIZE));
        long size = reply.u64(MessageLayout.INFLIGHT_SIZE);
        if (size <= 0 || reply.descriptors().count() != 1) {
            assault.note("no region");
            return;
        }
        try (Fd file = reply.takeDescriptor()) {
            try (Mapping book = Mapping.of(file.duplicate(), 0, size)) {
                // every head in flight, every field out of range, or whatever the byte makes of it
                byte fill = (byte) new int[] {0xff, 1, 0x80, 0x7f, 0x55, 0}[variant];
                book.segment().asSlice(8).fill(fill);
            }
            rig.share();
            byte[] region = Payload.inflight(size, 0, 1, Exchange.SIZE);
            assault.order(rig, "a forged book", Request.SET_INFLIGHT_FD, region, file);
        }
        if (assault.isAnswering(rig)) {
            Exchange victim = Exchange.startRaw(rig, assault.kind(), 0);
            victim.queue().raw().give(victim.sample().parts());
            assault.watch(victim);
        }
    }
}
