package dev.cipu.shim.conform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.load.ScriptedBackEnd;
import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.vhost.ProtocolFeature;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.NetHeader;
import dev.cipu.virtio.net.control.NetControlLayout;
import dev.cipu.virtio.ring.Chain;
import dev.cipu.virtio.ring.SplitQueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntBinaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Network devices that answer commands without doing them, or badly: each check of the control queue finds one of them. */
@Timeout(120)
class ControlChecksTest {
    private static final FeatureSet FEATURES = FeatureSet.of(
            RingFeature.VERSION_1,
            NetFeature.MAC,
            NetFeature.STATUS,
            NetFeature.GUEST_CSUM,
            NetFeature.MQ,
            NetFeature.CTRL_VQ,
            NetFeature.CTRL_RX,
            NetFeature.CTRL_RX_EXTRA,
            NetFeature.CTRL_VLAN,
            NetFeature.CTRL_MAC_ADDR,
            NetFeature.CTRL_GUEST_OFFLOADS,
            NetFeature.GUEST_ANNOUNCE,
            NetFeature.RSS,
            NetFeature.HASH_REPORT,
            NetFeature.HASH_TUNNEL,
            NetFeature.VQ_NOTF_COAL);

    private static final long PROTOCOL = ProtocolFeature.REPLY_ACK
            | ProtocolFeature.MQ
            | ProtocolFeature.CONFIG
            | ProtocolFeature.NET_MTU
            | ProtocolFeature.RESET_DEVICE;

    private static final int NOTHING_BACK = -1;

    @TempDir
    Path folder;

    private BadBackEnd backEnd() {
        byte[] config = new byte[28];
        config[0] = 2;
        config[5] = 9;
        // a driver is asked to announce itself for ever
        config[6] = 2;
        return new BadBackEnd(folder, DeviceKind.NET, FEATURES, PROTOCOL, config);
    }

    private static Set<String> ids() {
        Set<String> ids = BadBackEnd.ids(ControlChecks.all());
        ids.addAll(BadBackEnd.ids(SteeringChecks.all()));
        return ids;
    }

    /** Sends frames back, all or those to everybody, and answers a command by its class and number. */
    private static final class Commanded implements ScriptedBackEnd.Device {
        private final Chain chain = new Chain();
        private final MemorySegment bytes = MemorySegment.ofArray(new byte[8192]);
        private final IntBinaryOperator acks;
        private final Mirror mirror;

        /**
         * @param drops whether frames come back only if they are to everybody, or those by which it is found out that frames do
         */
        Commanded(IntBinaryOperator acks, boolean drops) {
            this.acks = acks;
            this.mirror =
                    new Mirror(frame -> !drops || frame[NetHeader.BYTES] == -1 || frame[NetHeader.BYTES + 5] == 4);
        }

        @Override
        public int serve(int index, SplitQueue queue, List<@Nullable SplitQueue> all) {
            if (index == 8 || (index == 2 && all.get(3) == null)) {
                return command(queue);
            }
            return (index & 1) == 0 ? 0 : mirror.serve(queue, all);
        }

        private int command(SplitQueue queue) {
            int done = 0;
            while (queue.pop(chain)) {
                done++;
                queue.push(chain.head(), answer(chain.read(0, bytes, 0, (int) chain.readableBytes())));
            }
            if (done > 0) {
                queue.publish();
            }
            return done;
        }

        private int answer(int got) {
            int classCode = got > 0 ? bytes.get(ValueLayout.JAVA_BYTE, 0) & 0xff : 0;
            int command = got > 1 ? bytes.get(ValueLayout.JAVA_BYTE, 1) & 0xff : 0;
            int ack = acks.applyAsInt(classCode, command);
            int size = (int) chain.writableBytes();
            if (ack == NOTHING_BACK || size == 0) {
                return 0;
            }
            bytes.asSlice(0, size).fill((byte) 0x11);
            bytes.set(ValueLayout.JAVA_BYTE, size - 1, (byte) ack);
            return chain.write(0, bytes, 0, size);
        }
    }

    private static Commanded always(int ack) {
        return new Commanded((_, _) -> ack, false);
    }

    private static boolean isPromiscuous(int classCode, int command) {
        return classCode == NetControlLayout.RX && command == NetControlLayout.RX_PROMISC;
    }

    @Test
    void eachCheckFindsADeviceThatIsAtFault() {
        Set<String> found = new HashSet<>();
        // acknowledges whatever it is told, and does nothing
        found.addAll(backEnd().failures(ids(), always(NetControlLayout.OK)));
        assertThat(found)
                .contains("CQ-002", "CQ-003", "CQ-004", "CQ-005", "CQ-008", "CQ-009", "CQ-010", "CQ-011")
                .contains("NT-078", "NT-079", "NT-080", "NT-081", "NT-083", "NT-084", "NT-087", "NT-088")
                .contains("NT-071", "NT-093", "NT-094", "NT-095", "NT-102", "NT-107")
                .doesNotContain("CQ-001", "CQ-006", "CQ-007", "NT-073", "NT-074", "NT-076", "NT-082", "NT-086");
        // refuses whatever it is told
        Set<String> refuser = backEnd().failures(ids(), always(NetControlLayout.ERR));
        assertThat(refuser)
                .contains("CQ-001", "CQ-006", "CQ-007", "NT-067", "NT-068", "NT-069", "NT-073", "NT-099")
                .doesNotContain("CQ-002", "CQ-003", "CQ-005", "CQ-009");
        found.addAll(refuser);
        // is told by nobody what to receive, and receives nothing
        Set<String> deaf = backEnd().failures(ids(), new Commanded((_, _) -> NetControlLayout.OK, true));
        assertThat(deaf).contains("NT-074", "NT-075", "NT-077", "NT-082").doesNotContain("CQ-001", "NT-073", "NT-086");
        found.addAll(deaf);
        // knows one command
        Commanded poor = new Commanded(
                (classCode, command) -> isPromiscuous(classCode, command) ? NetControlLayout.OK : NetControlLayout.ERR,
                false);
        Set<String> lacking = backEnd().failures(ids(), poor);
        assertThat(lacking).contains("NT-076", "NT-086").doesNotContain("CQ-001", "CQ-002");
        found.addAll(lacking);
        assertThat(found).containsExactlyInAnyOrderElementsOf(ids());
    }

    /** As over DPDK, whose front-ends have the control queue. */
    @Test
    void aQueueThatNobodyServesIsTheFrontEnds() {
        Mirror mirror = new Mirror(_ -> true);
        ScriptedBackEnd.Device ignorant = (index, queue, all) -> (index & 1) == 0 ? 0 : mirror.serve(queue, all);
        assertThat(backEnd().results(Set.of("CQ-001", "NT-073"), ignorant))
                .allMatch(result -> result.verdict() == Verdict.SKIP)
                .extracting(CheckResult::seen)
                .anyMatch(why -> why.contains("front-end's"));
        Commanded silent = always(NOTHING_BACK);
        assertThat(backEnd().results(Set.of("CQ-001"), silent)).allMatch(result -> result.verdict() == Verdict.SKIP);
    }
}
