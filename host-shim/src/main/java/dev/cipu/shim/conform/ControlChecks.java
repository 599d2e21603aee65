package dev.cipu.shim.conform;

import dev.cipu.shim.probe.Rig;
import dev.cipu.virtio.driver.NetControl;
import dev.cipu.virtio.net.NetConfig;
import dev.cipu.virtio.net.NetFeature;
import dev.cipu.virtio.net.control.NetControlLayout;
import java.util.Arrays;
import java.util.List;

/** The control queue of a network device: its acks, and what a driver chooses to receive. {@code [virtio-1.4 §5.1.6.5.1..4]} */
final class ControlChecks {
    private static final byte[] STRANGER = {0x02, 0, 0, 0, 0x0c, 0x44};
    private static final byte[] GROUP = {0x33, 0x33, 0, 0, 0, 0x77};
    private static final int FRAME = 128;
    private static final int VLAN = 77;
    private static final int ADDRESSES = 20;

    private ControlChecks() {}

    static List<Check<Trial>> all() {
        return List.of(
                Check.net(ControlChecks::acks, "CQ-001", "CQ-007"),
                Check.net(ControlChecks::unknown, "CQ-002", "CQ-003"),
                Check.net(ControlChecks::lengths, "CQ-004", "CQ-005"),
                Check.net(ControlChecks::withoutAck, "CQ-006"),
                Check.net(ControlChecks::modes, "NT-073", "NT-074", "NT-075", "NT-084"),
                Check.net(ControlChecks::moreModes, "NT-076", "NT-077", "NT-078", "NT-079", "NT-080"),
                Check.net(ControlChecks::table, "NT-081", "NT-082"),
                Check.net(ControlChecks::address, "NT-083"),
                Check.net(ControlChecks::vlans, "NT-086", "NT-087"),
                Check.net(ControlChecks::announcement, "NT-088"));
    }

    static String name(int ack) {
        return switch (ack) {
            case NetControlLayout.OK -> "OK";
            case NetControlLayout.ERR -> "ERR";
            case NetControl.NO_ACK -> "no ack";
            default -> "ack " + ack;
        };
    }

    static boolean isOk(int ack) {
        return ack == NetControlLayout.OK;
    }

    /** Reports a command that has to be refused. */
    static void refused(Trial trial, String id, String what, int ack) {
        trial.check(id, ack == NetControlLayout.ERR, what + ": " + name(ack));
    }

    private static byte[] promisc(int... more) {
        byte[] command = {NetControlLayout.RX, NetControlLayout.RX_PROMISC, 1};
        byte[] all = Arrays.copyOf(command, command.length + more.length);
        for (int i = 0; i < more.length; i++) {
            all[command.length + i] = (byte) more[i];
        }
        return all;
    }

    private static void acks(Trial trial) {
        Commands commands = Commands.start(trial, NetFeature.CTRL_RX);
        for (int i = 0; i < 100; i++) {
            int ack = commands.driver().mode(NetControlLayout.RX_PROMISC, (i & 1) == 0);
            if (!isOk(ack)) {
                trial.fail("CQ-001", "command " + i + ": " + name(ack));
                break;
            }
        }
        trial.pass("CQ-001", "100 commands acknowledged");
        for (int[] cuts : new int[][] {{}, {1}, {1, 1}, {2}, {1, 1, 1}}) {
            int ack = commands.framed(promisc(), cuts, 1);
            if (!isOk(ack)) {
                trial.fail("CQ-007", "a command cut at " + Arrays.toString(cuts) + ": " + name(ack));
                return;
            }
        }
        trial.pass("CQ-007", "a command in five framings is understood");
    }

    private static void unknown(Trial trial) {
        Commands commands = Commands.start(trial, NetFeature.CTRL_RX);
        for (int classCode : new int[] {9, 100, 255}) {
            refused(trial, "CQ-002", "class " + classCode, commands.driver().send(classCode, 0, (byte) 1));
        }
        for (int command : new int[] {6, 77, 255}) {
            refused(
                    trial,
                    "CQ-003",
                    "command " + command + " of the receive modes",
                    commands.driver().send(NetControlLayout.RX, command, (byte) 1));
        }
    }

    private static void lengths(Trial trial) {
        Commands commands = Commands.start(trial, NetFeature.CTRL_RX);
        refused(trial, "CQ-004", "a class alone", commands.framed(new byte[] {NetControlLayout.RX}, new int[0], 1));
        refused(trial, "CQ-004", "a mode without a value", commands.framed(new byte[2], new int[0], 1));
        for (int macs : new int[] {1, 0x1000, 0x7fffffff, -1}) {
            // a table that says it has these many addresses, and has none
            byte[] data = new byte[8];
            java.lang.foreign.MemorySegment.ofArray(data).set(dev.cipu.virtio.memory.Le.INT_UNALIGNED, 0, macs);
            int ack = commands.driver().send(NetControlLayout.MAC, NetControlLayout.MAC_TABLE_SET, data);
            refused(trial, "CQ-005", "a table of " + Integer.toUnsignedString(macs) + " addresses in 8 bytes", ack);
        }
        trial.check(
                "CQ-004",
                isOk(commands.driver().mode(NetControlLayout.RX_PROMISC, true)),
                "commands too short are ERR, and the queue goes on");
    }

    /** Nothing to write an ack to: the chain comes back all the same. */
    private static void withoutAck(Trial trial) {
        Commands commands = Commands.start(trial, NetFeature.CTRL_RX);
        commands.framed(promisc(), new int[0], 0);
        int ack = commands.driver().mode(NetControlLayout.RX_PROMISC, true);
        trial.check("CQ-006", isOk(ack), "after a command without room for an ack the next one: " + name(ack));
    }

    /** Receives what it is sent and nothing else; {@code marker} is received in any case. */
    private static Commands unpromiscuous(Trial trial, int... features) {
        NetChecks.needReflection(trial);
        Commands commands = Commands.start(trial, features);
        trial.need(isOk(commands.driver().mode(NetControlLayout.RX_PROMISC, false)), "promiscuous mode stays on");
        return commands;
    }

    private static void mode(Trial trial, String id, Commands commands, int command, boolean on, String name) {
        int ack = commands.driver().mode(command, on);
        trial.check(id, isOk(ack), name + (on ? " on: " : " off: ") + name(ack));
    }

    private static void passes(Trial trial, String id, boolean wanted, boolean received, String what) {
        trial.check(id, wanted == received, what + (received ? " is received" : " is not received"));
    }

    private static void modes(Trial trial) {
        NetChecks.needReflection(trial);
        Commands commands = Commands.start(trial, NetFeature.CTRL_RX);
        mode(trial, "NT-073", commands, NetControlLayout.RX_PROMISC, true, "PROMISC");
        mode(trial, "NT-073", commands, NetControlLayout.RX_ALLMULTI, true, "ALLMULTI");
        passes(trial, "NT-074", true, received(commands, STRANGER), "a frame to somebody else, promiscuous,");
        passes(trial, "NT-074", true, received(commands, GROUP), "a frame to a group, promiscuous,");
        mode(trial, "NT-073", commands, NetControlLayout.RX_PROMISC, false, "PROMISC");
        passes(trial, "NT-075", true, received(commands, GROUP), "a frame to a group with ALLMULTI");
        mode(trial, "NT-073", commands, NetControlLayout.RX_ALLMULTI, false, "ALLMULTI");
        passes(trial, "NT-084", false, received(commands, GROUP), "a frame to a group that was not asked for");
        passes(trial, "NT-084", false, received(commands, STRANGER), "a frame to somebody else");
        if (trial.offered().has(NetFeature.MAC) && commands.rig().has(dev.cipu.shim.vhost.ProtocolFeature.CONFIG)) {
            passes(trial, "NT-084", true, received(commands, commands.mac(trial)), "a frame to the device");
        }
    }

    private static boolean received(Commands commands, byte[] to) {
        return commands.receives(to, Commands.BROADCAST);
    }

    private static void moreModes(Trial trial) {
        Commands commands = unpromiscuous(trial, NetFeature.CTRL_RX, NetFeature.CTRL_RX_EXTRA);
        byte[] own = commands.mac(trial);
        mode(trial, "NT-076", commands, NetControlLayout.RX_ALLUNI, true, "ALLUNI");
        passes(trial, "NT-077", true, received(commands, STRANGER), "a frame to somebody else with ALLUNI");
        mode(trial, "NT-076", commands, NetControlLayout.RX_NOUNI, true, "NOUNI");
        passes(trial, "NT-079", false, received(commands, own), "a frame to the device with NOUNI and ALLUNI");
        mode(trial, "NT-076", commands, NetControlLayout.RX_NOUNI, false, "NOUNI");
        passes(trial, "NT-079", true, received(commands, own), "a frame to the device without NOUNI");
        mode(trial, "NT-076", commands, NetControlLayout.RX_NOMULTI, true, "NOMULTI");
        trial.need(isOk(commands.driver().mode(NetControlLayout.RX_ALLMULTI, true)), "ALLMULTI is refused");
        // the marker behind it is a broadcast: that still passes
        passes(trial, "NT-078", false, received(commands, GROUP), "a frame to a group with NOMULTI and ALLMULTI");
        mode(trial, "NT-076", commands, NetControlLayout.RX_NOMULTI, false, "NOMULTI");
        passes(trial, "NT-078", true, received(commands, GROUP), "a frame to a group without NOMULTI");
        mode(trial, "NT-076", commands, NetControlLayout.RX_NOBCAST, true, "NOBCAST");
        boolean broadcast = commands.receives(Commands.BROADCAST, own);
        passes(trial, "NT-080", false, broadcast, "a broadcast with NOBCAST and ALLMULTI");
    }

    private static byte[] numbered(byte[] mac, int number) {
        byte[] other = mac.clone();
        other[5] = (byte) (mac[5] + number);
        return other;
    }

    private static void table(Trial trial) {
        Commands commands = unpromiscuous(trial, NetFeature.CTRL_RX);
        for (int i = 0; i < ADDRESSES; i++) {
            byte[] unicast = numbered(STRANGER, i);
            byte[] group = numbered(GROUP, i);
            int ack = commands.driver().macTable(new byte[][] {unicast}, new byte[][] {group});
            trial.check("NT-082", isOk(ack), "a table of two addresses: " + name(ack));
            String when = " in the table, sent once the command is acknowledged,";
            passes(trial, "NT-082", true, received(commands, unicast), "a frame to an address" + when);
            passes(trial, "NT-082", true, received(commands, group), "a frame to a group" + when);
        }
        trial.need(commands.rig().canReset(), "the back-end knows no reset (protocol features STATUS, RESET_DEVICE)");
        byte[] before = numbered(STRANGER, ADDRESSES - 1);
        Commands after = commands.afterReset();
        trial.need(isOk(after.driver().mode(NetControlLayout.RX_PROMISC, false)), "promiscuous mode stays on");
        passes(trial, "NT-081", false, received(after, before), "a frame to what was in the table before a reset");
    }

    private static void address(Trial trial) {
        Commands commands = unpromiscuous(trial, NetFeature.CTRL_RX, NetFeature.CTRL_MAC_ADDR);
        byte[] before = commands.mac(trial);
        int ack = commands.driver().mac(STRANGER);
        trial.check("NT-083", isOk(ack), "a new address: " + name(ack));
        boolean shown = Arrays.equals(commands.mac(trial), STRANGER);
        trial.check("NT-083", shown, "the configuration shows " + (shown ? "it" : "another one") + " then");
        passes(trial, "NT-083", true, received(commands, STRANGER), "a frame to the new address");
        passes(trial, "NT-083", false, received(commands, before), "a frame to the old address");
        commands.driver().mac(before);
    }

    private static void vlans(Trial trial) {
        Commands commands = unpromiscuous(trial, NetFeature.CTRL_RX, NetFeature.CTRL_VLAN);
        // to everybody, so that the tag alone decides
        byte[] frame = Frames.to(Commands.BROADCAST, Frames.tagged(FRAME, VLAN));
        passes(trial, "NT-087", false, tagged(commands, frame), "a tag that is not in the table");
        int added = commands.driver().vlan(VLAN, true);
        trial.check("NT-086", isOk(added), "a tag is added: " + name(added));
        passes(trial, "NT-086", true, tagged(commands, frame), "a tag in the table");
        int deleted = commands.driver().vlan(VLAN, false);
        trial.check("NT-087", isOk(deleted), "a tag is deleted: " + name(deleted));
        passes(trial, "NT-087", false, tagged(commands, frame), "a tag that was deleted");
    }

    private static boolean tagged(Commands commands, byte[] frame) {
        return commands.receivesFrame(frame, Commands.BROADCAST);
    }

    private static void announcement(Trial trial) {
        Commands commands = Commands.start(trial, NetFeature.STATUS, NetFeature.GUEST_ANNOUNCE);
        Rig rig = commands.rig();
        trial.need(rig.has(dev.cipu.shim.vhost.ProtocolFeature.CONFIG), "the back-end shows no configuration space");
        int ack = commands.driver().send(NetControlLayout.ANNOUNCE, NetControlLayout.ANNOUNCE_ACK);
        int status = rig.config(NetConfig.STATUS, 2)[0];
        trial.check(
                "NT-088",
                isOk(ack) && (status & NetConfig.STATUS_ANNOUNCE) == 0,
                "an announcement is confirmed: " + name(ack) + ", status " + status);
    }
}
