package dev.cipu.shim.vhost.backend;

import static dev.cipu.shim.vhost.backend.RawFrontEnd.GUEST;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.MEMORY;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.REFUSED;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.USER;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.region;
import static dev.cipu.shim.vhost.backend.RawFrontEnd.table;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.posix.Fd;
import dev.cipu.shim.posix.Memfd;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.OpenFlag;
import dev.cipu.shim.session.MappedRegions;
import dev.cipu.shim.vhost.Request;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Lines 51..53 of the hostile inputs. */
@Timeout(60)
class HostileMemoryTest {
    private static final long PAGE = 4096;

    @TempDir
    Path folder;

    @Test
    void line51AMemoryTableOfNineRegionsOrADescriptorTooFewEndsTheSession() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            Fd[] nine = new Fd[9];
            java.util.Arrays.fill(nine, session.front.memory.fd());
            session.front.send(Request.SET_MEM_TABLE, table(new long[36]), nine);
            assertThat(session.end().failed()).isTrue();
        }
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            session.front.send(
                    Request.SET_MEM_TABLE,
                    table(GUEST, PAGE, USER, 0, GUEST + PAGE, PAGE, USER + PAGE, PAGE),
                    session.front.memory.fd());
            assertThat(session.end().failed()).isTrue();
        }
    }

    @Test
    void line51ImpossibleMemoryTablesAreRefusedAndTheOldOneStays() throws Exception {
        long[][] bad = {
            {GUEST, 2 * PAGE, USER, 0, GUEST + PAGE, PAGE, USER + (1 << 30), PAGE},
            {GUEST, 2 * PAGE, USER, 0, GUEST + (1 << 30), PAGE, USER + PAGE, PAGE},
            {GUEST, 0, USER, 0},
            {GUEST, MEMORY + 1, USER, 0},
            {GUEST, MEMORY, USER, PAGE},
            {GUEST, PAGE, USER, MEMORY},
            {GUEST, PAGE, USER, -PAGE},
            {GUEST, -PAGE, USER, PAGE},
            {GUEST, Long.MAX_VALUE, USER, Long.MAX_VALUE},
            {-PAGE, 2 * PAGE, USER, 0},
            {GUEST, 2 * PAGE, -PAGE, 0},
        };
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.setUp();
            long descriptors = OpenDescriptors.count();
            for (long[] regions : bad) {
                Fd[] files = new Fd[regions.length / 4];
                java.util.Arrays.fill(files, front.memory.fd());
                assertThat(front.acked(Request.SET_MEM_TABLE, table(regions), files))
                        .as("%s", java.util.Arrays.toString(regions))
                        .isEqualTo(REFUSED);
            }
            assertThat(OpenDescriptors.count()).isEqualTo(descriptors);
            front.expose(0, 1);
            assertThat(session.function.serve(0)).containsExactly(1);
        }
    }

    @Test
    void line51MoreMemoryThanASessionMayMapIsRefused() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk();
                Memfd sparse = Memfd.create("sparse", MappedRegions.MAX_BYTES + PAGE)) {
            RawFrontEnd front = session.front;
            front.negotiate();
            long descriptors = OpenDescriptors.count();
            long half = MappedRegions.MAX_BYTES / 2;
            assertThat(front.acked(
                            Request.SET_MEM_TABLE, table(GUEST, MappedRegions.MAX_BYTES + PAGE, USER, 0), sparse.fd()))
                    .isEqualTo(REFUSED);
            assertThat(front.acked(
                            Request.SET_MEM_TABLE,
                            table(GUEST, half, PAGE, 0, GUEST + half, half + PAGE, half + PAGE, half),
                            sparse.fd(),
                            sparse.fd()))
                    .isEqualTo(REFUSED);
            assertThat(OpenDescriptors.count()).isEqualTo(descriptors);
            assertThat(front.acked(Request.ADD_MEM_REG, region(GUEST, half, PAGE, 0), sparse.fd()))
                    .isZero();
            assertThat(front.acked(
                            Request.ADD_MEM_REG, region(GUEST + half, half + PAGE, half + PAGE, half), sparse.fd()))
                    .isEqualTo(REFUSED);
        }
    }

    @Test
    void line51ARingAtAnOddAddressOfOursIsRefused() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            assertThat(front.acked(Request.SET_MEM_TABLE, table(GUEST, MEMORY - PAGE, USER, 1), front.memory.fd()))
                    .isZero();
            assertThat(front.acked(Request.SET_VRING_NUM, RawFrontEnd.state(0, RawFrontEnd.SIZE)))
                    .isZero();
            assertThat(front.acked(Request.SET_VRING_ADDR, RawFrontEnd.addresses(0)))
                    .isZero();
            assertThat(front.acked(Request.SET_VRING_KICK, RawFrontEnd.u64(0), front.kick.fd()))
                    .isEqualTo(REFUSED);
            assertThat(session.function.isAttached(0)).isFalse();
            front.sync();
        }
    }

    @Test
    void line51TheTableIsReplacedAThousandTimesUnderIo() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.setUp();
            Thread worker = Thread.ofPlatform().start(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    session.function.serve(0);
                }
            });
            for (int i = 0; i < 1000; i++) {
                front.expose(0, i % RawFrontEnd.SIZE);
                front.shareMemory();
                int done = i + 1 & 0xffff;
                assertThat(RawFrontEnd.eventually(() -> front.usedIndex(0) == done))
                        .isTrue();
            }
            worker.interrupt();
            worker.join();
            assertThat(session.counters.memoryFaults()).isZero();
            assertThat(OpenDescriptors.mappings("memfd:guest")).isEqualTo(2);
        }
    }

    @Test
    void line52AFileTruncatedAfterMappingEndsTheSessionAndNotTheProcess() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk();
                Fd file = Fd.open(folder.resolve("ram"), OpenFlag.READ_WRITE | OpenFlag.CREATE, 0600)) {
            file.truncate(MEMORY);
            RawFrontEnd front = session.front;
            front.negotiate();
            assertThat(front.acked(Request.SET_MEM_TABLE, table(GUEST, MEMORY, USER, 0), file))
                    .isZero();
            front.startRing(0);
            file.truncate(0);
            try {
                session.function.serve(0);
            } catch (InternalError late) {
                // the JVM may report the fault after the access's own frames have gone; a worker passes that on too
                session.function.transport().memoryFault();
            }
            assertThat(session.end().failed()).isTrue();
            assertThat(session.end().reason()).contains("truncated");
            assertThat(session.counters.memoryFaults()).isEqualTo(1);
        }
    }

    @Test
    void line52AFaultThatWasANeighboursLeavesTheRingServed() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            front.shareMemory();
            front.startRing(0);
            session.function.transport().memoryFault();
            // answered after the event was handled, since the session looks at events first
            front.ask(Request.GET_FEATURES, new byte[0]);
            assertThat(session.counters.memoryFaults()).isEqualTo(1);
            assertThat(session.function.isAttached(0)).isTrue();
            assertThat(session.function.isEnabled(0)).isTrue();
            assertThat(session.function.attachments())
                    .as("a ring that runs is left alone")
                    .isEqualTo(1);
        }
    }

    @Test
    void line52OnlyTheRingThatAFaultStoppedIsRestarted() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.setUp();
            front.startRing(1);
            for (int i = 1; i <= 100; i++) {
                session.function.fault(1, false);
                front.sync();
                assertThat(session.function.attachments()).isEqualTo(2 + i);
            }
            assertThat(session.counters.memoryFaults()).isEqualTo(100);
            assertThat(session.function.isEnabled(0)).isTrue();
            assertThat(session.function.isEnabled(1)).isTrue();
        }
    }

    @Test
    void line52WhatANeighboursFaultInterruptsIsTakenUpAgain() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.setUp();
            front.expose(0, 3);
            front.expose(0, 5);
            assertThat(session.function.hold(0)).containsExactly(3, 5);
            session.function.fault(0, false);
            front.sync();
            front.expose(0, 4);
            assertThat(session.function.serve(0)).containsExactly(3, 5, 4);
            assertThat(front.usedIndex(0)).isEqualTo(3);
            assertThat(session.function.serve(0)).isEmpty();
        }
    }

    @Test
    void line52AFrontEndWhoseMemoryFaultsAgainAndAgainIsEndedAndItsNeighbourIsNot() throws Exception {
        try (SessionUnderTest culprit = SessionUnderTest.blk();
                SessionUnderTest neighbour = SessionUnderTest.blk()) {
            culprit.front.setUp();
            neighbour.front.setUp();
            for (int i = 0; i < 8; i++) {
                culprit.function.fault(0, true);
                neighbour.function.transport().memoryFault();
                culprit.front.sync();
            }
            assertThat(culprit.function.attachments()).isEqualTo(9);
            assertThat(RawFrontEnd.eventually(() -> {
                        culprit.function.fault(0, true);
                        return culprit.counters.failures() == 1;
                    }))
                    .isTrue();
            assertThat(culprit.end().failed()).isTrue();
            assertThat(culprit.end().reason()).contains("again and again");
            neighbour.front.sync();
            assertThat(neighbour.function.attachments()).isEqualTo(1);
        }
    }

    @Test
    void line52AFileTruncatedBeforeTheRingStartsEndsTheSessionAndNotTheProcess() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk();
                Fd file = Fd.open(folder.resolve("ram"), OpenFlag.READ_WRITE | OpenFlag.CREATE, 0600)) {
            file.truncate(MEMORY);
            RawFrontEnd front = session.front;
            front.negotiate();
            front.acked(Request.SET_MEM_TABLE, table(GUEST, MEMORY, USER, 0), file);
            file.truncate(0);
            front.send(Request.SET_VRING_NUM, RawFrontEnd.state(0, 64));
            front.send(Request.SET_VRING_ADDR, RawFrontEnd.addresses(0));
            front.send(Request.SET_VRING_KICK, RawFrontEnd.u64(0), front.kick.fd());
            assertThat(session.end().failed()).isTrue();
        }
    }

    @Test
    void line53AddMemoryRegionBeyondTheSlotsOrTwiceIsRefused() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk()) {
            RawFrontEnd front = session.front;
            front.negotiate();
            long slots = front.ask(Request.GET_MAX_MEM_SLOTS, new byte[0]).getLong();
            assertThat(slots).isGreaterThanOrEqualTo(64);
            long before = OpenDescriptors.count();
            for (long i = 0; i < slots; i++) {
                assertThat(front.acked(
                                Request.ADD_MEM_REG,
                                region(GUEST + i * PAGE, PAGE, USER + i * PAGE, i * PAGE),
                                front.memory.fd()))
                        .isZero();
            }
            assertThat(front.acked(
                            Request.ADD_MEM_REG,
                            region(GUEST + slots * PAGE, PAGE, USER + slots * PAGE, 0),
                            front.memory.fd()))
                    .isEqualTo(REFUSED);
            assertThat(front.acked(Request.REM_MEM_REG, region(GUEST, PAGE, USER, 0)))
                    .isZero();
            assertThat(front.acked(
                            Request.ADD_MEM_REG, region(GUEST + PAGE, PAGE, USER + PAGE, PAGE), front.memory.fd()))
                    .isEqualTo(REFUSED);
            for (long i = 1; i < slots; i++) {
                // a descriptor may come along and is closed
                assertThat(front.acked(
                                Request.REM_MEM_REG,
                                region(GUEST + i * PAGE, PAGE, USER + i * PAGE, 0),
                                front.memory.fd()))
                        .isZero();
            }
            assertThat(front.acked(Request.REM_MEM_REG, region(GUEST, PAGE, USER, 0)))
                    .isEqualTo(REFUSED);
            assertThat(OpenDescriptors.count()).isEqualTo(before);
            assertThat(OpenDescriptors.mappings("memfd:guest")).isEqualTo(1);
        }
    }

    @Test
    void line53RemovingTheRegionOfARunningRingIsRefusedAndOthersComeAndGoUnderIt() throws Exception {
        try (SessionUnderTest session = SessionUnderTest.blk();
                Memfd more = Memfd.create("more", PAGE)) {
            RawFrontEnd front = session.front;
            front.negotiate();
            assertThat(front.acked(Request.ADD_MEM_REG, region(GUEST, MEMORY, USER, 0), front.memory.fd()))
                    .isZero();
            front.startRing(0);
            front.expose(0, 1);
            assertThat(session.function.serve(0)).containsExactly(1);
            assertThat(front.acked(Request.REM_MEM_REG, region(GUEST, MEMORY, USER, 0)))
                    .isEqualTo(REFUSED);
            byte[] other = region(GUEST + MEMORY, PAGE, USER + MEMORY, 0);
            assertThat(front.acked(Request.ADD_MEM_REG, other, more.fd())).isZero();
            front.expose(0, 2);
            assertThat(session.function.serve(0)).containsExactly(2);
            assertThat(front.acked(Request.REM_MEM_REG, other)).isZero();
            front.expose(0, 3);
            assertThat(session.function.serve(0)).containsExactly(3);
            assertThat(OpenDescriptors.mappings("memfd:more")).isZero();
            assertThat(front.baseOf(0)).isEqualTo(3);
            assertThat(front.acked(Request.REM_MEM_REG, region(GUEST, MEMORY, USER, 0)))
                    .isZero();
        }
    }
}
