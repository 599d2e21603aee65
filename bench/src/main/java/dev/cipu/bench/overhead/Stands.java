package dev.cipu.bench.overhead;

import dev.cipu.bench.process.Child;
import dev.cipu.bench.process.Children;
import dev.cipu.bench.process.EmulatedGuest;
import dev.cipu.bench.process.Program;
import dev.cipu.bench.process.Setup;
import dev.cipu.bench.process.StorageDaemon;
import dev.cipu.bench.process.TestPmd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sets all ways up that this machine has what they need for. */
final class Stands implements Rotation.StandsOf {
    private static final Duration START = Duration.ofSeconds(30);

    private final int hostCore;
    private final int cardCore;
    private final boolean hugePages;
    private final Peers peers;
    private @Nullable String failure;

    /**
     * What is installed.
     *
     * @param testpmd DPDK's program, null if it is not here
     * @param storageDaemon QEMU's, null if it is not here
     * @param vmm what an emulated guest needs, null if something of it is not here
     * @param missing a line for each way, or part of one, that is left out, and how to have it
     */
    record Peers(
            @Nullable String testpmd,
            @Nullable String storageDaemon,
            @Nullable EmulatedGuest vmm,
            List<String> missing) {}

    Stands(int hostCore, int cardCore, boolean hugePages, Peers peers) {
        this.hostCore = hostCore;
        this.cardCore = cardCore;
        this.hugePages = hugePages;
        this.peers = peers;
    }

    @Override
    public List<Stand> start(Children children) throws IOException, InterruptedException {
        Path folder = children.folder();
        DrivenStand.Guest guest = new DrivenStand.Guest(children.start(
                "guest",
                hostCore,
                true,
                Program.java(
                        GuestServer.class.getName(),
                        List.of(Integer.toString(hostCore), Integer.toString(cardCore), folder.toString()))));
        List<Stand> stands = new ArrayList<>();
        stands.add(new DrivenStand(Way.BARE, guest, List.of(DrivenStand.Side.MIRROR), null));
        stands.add(card(children, Way.CARD, "spin", guest));
        List<DrivenStand.Side> sides = peerSides(children);
        if (!sides.isEmpty()) {
            stands.add(new DrivenStand(Way.POLL_PEER, guest, sides, null));
        }
        stands.add(card(children, Way.INTERRUPT, "sleep", guest));
        addVmm(children, stands);
        return stands;
    }

    /** A guest that does not start is left out, as one that is not there. */
    private void addVmm(Children children, List<Stand> stands) throws InterruptedException {
        EmulatedGuest guest = peers.vmm();
        if (guest == null || failure != null) {
            return;
        }
        try {
            stands.add(VmmStand.start(children, guest, hostCore, cardCore));
        } catch (IOException e) {
            failure = Way.VMM.title() + ": " + e.getMessage();
        }
    }

    /** What is left out: what is not installed, and what did not start. */
    List<String> missing() {
        List<String> all = new ArrayList<>(peers.missing());
        if (failure != null) {
            all.add(failure);
        }
        return List.copyOf(all);
    }

    private Stand card(Children children, Way way, String idle, DrivenStand.Guest guest)
            throws IOException, InterruptedException {
        Path folder = Files.createDirectory(children.folder().resolve(way.id()));
        Child server = children.start(
                "cipu-" + way.id(),
                cardCore,
                true,
                Program.java(CardServer.class.getName(), List.of(Integer.toString(cardCore), idle, folder.toString())));
        Path probe = folder.resolve(CardServer.PROBE);
        server.awaitSocket(probe, START);
        server.hold();
        DrivenStand.Side side =
                new DrivenStand.Side(server, folder.resolve(CardServer.NET), folder.resolve(CardServer.BLK));
        return new DrivenStand(way, guest, List.of(side), probe);
    }

    private List<DrivenStand.Side> peerSides(Children children) throws IOException, InterruptedException {
        List<DrivenStand.Side> sides = new ArrayList<>();
        String testpmd = peers.testpmd();
        if (testpmd != null) {
            Path socket = children.folder().resolve("net_vhost");
            Setup setup = new Setup(testpmd, hostCore, cardCore, List.of(), hugePages);
            Child server = TestPmd.startBackEnd(children, setup, socket);
            server.hold();
            sides.add(new DrivenStand.Side(server, socket, null));
        }
        String daemon = peers.storageDaemon();
        if (daemon != null) {
            Path socket = children.folder().resolve("storage-daemon");
            Child server = StorageDaemon.start(children, cardCore, daemon, StorageDaemon.NULL_NODE, socket);
            server.hold();
            sides.add(new DrivenStand.Side(server, null, socket));
        }
        return sides;
    }
}
