package dev.cipu.shim.conform;

import dev.cipu.shim.conform.Reflection.Received;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import java.util.Arrays;
import java.util.List;

/** What a device says in the header of a received frame, and what it may say to a driver that takes no offloads. {@code [virtio-1.4 §5.1.6.4]} */
final class OffloadChecks {
    private static final int FRAME = 200;
    private static final int LARGE = 3000;
    private static final int MSS = 1000;
    private static final int TCP_HEADERS = Frames.TRANSPORT + 20;
    private static final int TUNNEL_BITS = 0x60;
    private static final int TUNNEL_CSUM = 8;

    private OffloadChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.net(OffloadChecks::plainDriver, "NT-034", "NT-036", "NT-037", "NT-038", "NT-039", "NT-040"),
                Check.net(OffloadChecks::plainDriverGso, "NT-041", "NT-048", "NT-052", "NT-058"),
                Check.net(OffloadChecks::fullChecksum, "NT-035"),
                Check.net(OffloadChecks::partialChecksum, "NT-045", "NT-046", "NT-047"),
                Check.net(OffloadChecks::validated, "NT-060", "NT-061"),
                Check.net(OffloadChecks::largeSegment, "NT-053", "NT-054", "NT-059"));
    }

    /** A driver without GUEST_* features that itself sends all that the device takes. */
    private static Reflection plain(Trial trial) {
        return NetChecks.reflection(trial, NetFeature.CSUM, NetFeature.HOST_TSO4, NetFeature.HOST_UFO);
    }

    private static void plainDriver(Trial trial) {
        Reflection reflection = plain(trial);
        Received received = reflection.echo(Reflection.plainHeader(), Frames.plain(FRAME, 1));
        if (received == null) {
            throw new Skipped("a frame does not come back");
        }
        String seen = "flags " + received.flags() + ", gso_type " + received.gsoType();
        trial.check("NT-034", received.flags() == 0, seen);
        int type = received.gsoType() & ~(NetHeader.GSO_ECN | TUNNEL_BITS);
        trial.check("NT-036", type != NetHeader.GSO_TCPV4, seen);
        trial.check("NT-037", type != NetHeader.GSO_UDP, seen);
        trial.check("NT-038", type != NetHeader.GSO_TCPV6, seen);
        trial.check("NT-039", type != NetHeader.GSO_UDP_L4, seen);
        trial.check("NT-040", (received.gsoType() & TUNNEL_BITS) == 0, seen);
        if (!trial.offered().has(NetFeature.CSUM)) {
            return;
        }
        byte[] partial = Frames.udp(FRAME, false);
        Received summed = reflection.echo(
                Reflection.header(NetHeader.FLAG_NEEDS_CSUM, 0, 0, 0, Frames.TRANSPORT, Frames.UDP_CHECKSUM), partial);
        if (summed != null) {
            trial.check(
                    "NT-034",
                    summed.flags() == 0,
                    "flags " + summed.flags() + " for a frame that was sent with NEEDS_CSUM");
        }
    }

    private static void plainDriverGso(Trial trial) {
        Reflection reflection = plain(trial);
        boolean segments = reflection.rig().negotiated().has(NetFeature.HOST_TSO4);
        byte[] frame = segments ? Frames.tcp(LARGE) : Frames.plain(FRAME, 2);
        byte[] header = segments ? tcpHeader() : Reflection.plainHeader();
        Received received =
                reflection.send(header, frame) ? reflection.receive(trial.peer().quiet()) : null;
        if (received == null) {
            trial.need(segments, "a frame does not come back");
            String dropped = "a large segment is not passed to a driver that takes none";
            List.of("NT-041", "NT-048", "NT-052", "NT-058").forEach(id -> trial.pass(id, dropped));
            return;
        }
        String seen = "flags " + received.flags() + ", gso_type " + received.gsoType()
                + (segments ? " for a large segment" : "");
        trial.check("NT-041", (received.flags() & TUNNEL_CSUM) == 0, seen);
        trial.check("NT-048", (received.gsoType() & TUNNEL_BITS) == 0, seen);
        trial.check("NT-052", received.gsoType() == NetHeader.GSO_NONE, seen);
        trial.check("NT-058", (received.flags() & NetHeader.FLAG_RSC_INFO) == 0, seen);
    }

    private static void fullChecksum(Trial trial) {
        trial.needFeature(NetFeature.CSUM, "CSUM");
        Reflection reflection = plain(trial);
        byte[] header = Reflection.header(NetHeader.FLAG_NEEDS_CSUM, 0, 0, 0, Frames.TRANSPORT, Frames.UDP_CHECKSUM);
        Received received = reflection.echo(header, Frames.udp(FRAME, false));
        if (received == null) {
            throw new Skipped("a frame with a partial checksum does not come back");
        }
        boolean complete = Arrays.equals(received.frame(), Frames.udp(FRAME, true));
        trial.check(
                "NT-035",
                complete,
                "a partial checksum is " + (complete ? "completed" : "passed on to a driver that takes none"));
    }

    private static void partialChecksum(Trial trial) {
        trial.needFeature(NetFeature.CSUM, "CSUM");
        trial.needFeature(NetFeature.GUEST_CSUM, "GUEST_CSUM");
        Reflection reflection = NetChecks.reflection(trial, NetFeature.CSUM, NetFeature.GUEST_CSUM);
        byte[] header = Reflection.header(NetHeader.FLAG_NEEDS_CSUM, 0, 0, 0, Frames.TRANSPORT, Frames.UDP_CHECKSUM);
        byte[] sent = Frames.udp(FRAME, false);
        Received received = reflection.echo(header, sent);
        if (received == null) {
            throw new Skipped("a frame with a partial checksum does not come back");
        }
        if ((received.flags() & NetHeader.FLAG_NEEDS_CSUM) == 0) {
            boolean right = Frames.isComplete(received.frame());
            String seen =
                    "NEEDS_CSUM is clear, the checksum " + (right ? "complete" : "neither complete nor announced");
            List.of("NT-045", "NT-046", "NT-047").forEach(id -> trial.check(id, right, seen));
            return;
        }
        int start = received.u16(6);
        int offset = received.u16(8);
        String seen = "csum_start " + start + ", csum_offset " + offset;
        byte[] done = Frames.complete(received.frame(), start, offset);
        boolean right = Frames.isComplete(done);
        trial.check("NT-045", start + offset + 2 <= received.frame().length, seen);
        trial.check("NT-046", Arrays.equals(received.frame(), sent), seen + ", the pseudo-header's sum is kept");
        trial.check("NT-047", right, seen + (right ? " complete it" : " do not complete it"));
    }

    private static void validated(Trial trial) {
        trial.needFeature(NetFeature.GUEST_CSUM, "GUEST_CSUM");
        Reflection reflection = NetChecks.reflection(trial, NetFeature.GUEST_CSUM);
        byte[] frame = Frames.udp(FRAME, true);
        frame[Frames.TRANSPORT + Frames.UDP_CHECKSUM] ^= 0x55;
        Received received = reflection.echo(Reflection.plainHeader(), frame);
        if (received == null) {
            throw new Skipped("a frame with a wrong checksum does not come back");
        }
        boolean claims = (received.flags() & NetHeader.FLAG_DATA_VALID) != 0;
        trial.check("NT-060", !claims, "a wrong checksum is " + (claims ? "called valid" : "not called valid"));
        boolean tunnel = (received.gsoType() & TUNNEL_BITS) != 0;
        trial.check("NT-061", !(tunnel && claims), "gso_type " + received.gsoType());
    }

    private static byte[] tcpHeader() {
        return Reflection.header(
                NetHeader.FLAG_NEEDS_CSUM,
                NetHeader.GSO_TCPV4,
                TCP_HEADERS,
                MSS,
                Frames.TRANSPORT,
                Frames.TCP_CHECKSUM);
    }

    private static void largeSegment(Trial trial) {
        trial.needFeature(NetFeature.HOST_TSO4, "HOST_TSO4");
        trial.needFeature(NetFeature.GUEST_TSO4, "GUEST_TSO4");
        NetChecks.needReflection(trial);
        FeatureSet features = FeatureSet.of(
                NetFeature.CSUM,
                NetFeature.GUEST_CSUM,
                NetFeature.HOST_TSO4,
                NetFeature.GUEST_TSO4,
                NetFeature.MRG_RXBUF);
        Reflection reflection = Reflection.start(trial, features, 32, Reflection.BIG_BUFFER);
        Received received = reflection.echo(tcpHeader(), Frames.tcp(LARGE));
        if (received == null) {
            throw new Skipped("a large segment does not come back");
        }
        if (received.gsoType() == NetHeader.GSO_NONE) {
            throw new Skipped("a large segment comes back without gso_type");
        }
        boolean sums = (received.flags() & NetHeader.FLAG_NEEDS_CSUM) != 0;
        trial.check("NT-053", sums, "flags " + received.flags() + ", gso_type " + received.gsoType());
        int size = received.u16(4);
        trial.check("NT-054", size == MSS, "gso_size " + size + " of " + MSS);
        int length = received.u16(2);
        trial.check("NT-059", length >= TCP_HEADERS, "hdr_len " + length + " for headers of " + TCP_HEADERS);
    }
}
