package dev.cipu.shim.torture;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.Exchange;
import dev.cipu.shim.probe.Link;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.probe.Rig;
import dev.cipu.shim.torture.Judge.Holdings;
import dev.cipu.shim.torture.Judge.Reaction;
import dev.cipu.virtio.FeatureSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs attacks against a back-end and judges what is left of it after each. Owned by one thread. */
public final class Torture {
    /** Rounds of each attack when somebody looks for leaks; the first one warms up. */
    private static final int ROUNDS = 4;

    private static final Duration SETTLE = Duration.ofMillis(60);
    private static final String GONE = "the back-end is gone";

    private final Peer peer;
    private final DeviceKind kind;
    private final FeatureSet offered;
    private final ProcessWatch process;
    private final List<Attack> attacks;

    private Torture(Peer peer, DeviceKind kind, FeatureSet offered, ProcessWatch process, List<Attack> attacks) {
        this.peer = peer;
        this.kind = kind;
        this.offered = offered;
        this.process = process;
        this.attacks = attacks;
    }

    /** All attacks by their numbers. */
    static List<Attack> attacks() {
        return Stream.of(
                        ChainAttacks.all(),
                        PackedAttacks.all(),
                        RaceAttacks.all(),
                        NetAttacks.all(),
                        BlkAttacks.all(),
                        MessageAttacks.all(),
                        RingMessageAttacks.all(),
                        MemoryAttacks.all())
                .flatMap(List::stream)
                .sorted(Comparator.comparingInt(Attack::number))
                .toList();
    }

    /**
     * Connects and learns what the back-end is.
     *
     * @param kind the device type, or null to go by what the back-end offers
     * @param pid of the back-end's process, 0 if unknown; with it leaks are looked for
     * @param only numbers of attacks; empty for all
     * @throws LinkException if there is no back-end
     * @throws IllegalArgumentException if the type cannot be told, or there is no such process or attack
     */
    public static Torture of(Peer peer, @Nullable DeviceKind kind, long pid, Set<Integer> only) {
        ProcessWatch process = new ProcessWatch(pid);
        if (!process.isAlive()) {
            throw new IllegalArgumentException("there is no process " + pid);
        }
        try (Rig rig = Rig.connect(peer)) {
            DeviceKind type = kind != null ? kind : DeviceKind.of(rig);
            if (type == null) {
                throw new IllegalArgumentException("the back-end does not show whether it is net or blk; say --type");
            }
            List<Attack> attacks = attacks().stream()
                    .filter(attack -> attack.kinds().contains(type))
                    .filter(attack -> only.isEmpty() || only.contains(attack.number()))
                    .toList();
            if (attacks.isEmpty()) {
                throw new IllegalArgumentException("no attack on a " + type.word() + " device has such a number");
            }
            return new Torture(peer, type, rig.offered(), process, attacks);
        }
    }

    public DeviceKind kind() {
        return kind;
    }

    /** Runs the attacks; {@code each} hears of every result at once. */
    public TortureReport run(Consumer<AttackResult> each) {
        List<AttackResult> results = new ArrayList<>();
        long start = System.nanoTime();
        boolean there = true;
        for (Attack attack : attacks) {
            AttackResult result =
                    there ? run(attack) : new AttackResult(attack.number(), attack.text(), Damage.SKIPPED, GONE, 0);
            there &= result.verdict() != Damage.CRASHED && result.verdict() != Damage.WEDGED;
            results.add(result);
            each.accept(result);
        }
        return TortureReport.of(peer, kind, results, (System.nanoTime() - start) / 1e9);
    }

    private AttackResult run(Attack attack) {
        long start = System.nanoTime();
        List<Holdings> holdings = new ArrayList<>();
        Reaction reaction = Reaction.WENT_ON;
        String seen = "";
        boolean alive = true;
        String ill = "";
        for (int round = 0; round < (process.isKnown() ? ROUNDS : 1) && alive && ill.isEmpty(); round++) {
            try (Assault assault = new Assault(peer, kind, offered)) {
                attempt(attack, assault);
                reaction = assault.reaction();
                seen = assault.seen();
            } catch (Inapplicable e) {
                String why = String.valueOf(e.getMessage());
                return new AttackResult(attack.number(), attack.text(), Damage.SKIPPED, why, 0);
            }
            ill = healthProblem();
            alive = isAlive();
            Pause.of(process.isKnown() ? SETTLE : Duration.ZERO);
            holdings.addAll(process.holdings());
        }
        Damage damage = Judge.verdict(reaction, alive, ill.isEmpty(), holdings);
        String all = seen
                + (ill.isEmpty() ? "" : "; then " + ill)
                + (damage == Damage.LEAKED ? "; holdings round by round: " + holdings : "");
        return new AttackResult(attack.number(), attack.text(), damage, all, (System.nanoTime() - start) / 1e9);
    }

    private static void attempt(Attack attack, Assault assault) {
        try {
            attack.body().run(assault);
        } catch (LinkException e) {
            assault.ended("the session", e);
        }
    }

    /** Why a fresh session is not served, or nothing. */
    private String healthProblem() {
        try (Rig rig = Rig.connect(peer)) {
            rig.accept(Rig.LEAST).share();
            Exchange exchange = Exchange.start(rig, kind, 0);
            return exchange.serve(exchange.sample()) ? "" : "a fresh session is not served";
        } catch (LinkException | IllegalStateException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private boolean isAlive() {
        if (!process.isAlive()) {
            return false;
        }
        try {
            Link.openNow(peer).close();
            return true;
        } catch (LinkException e) {
            // one whose backlog is full is alive and not well
            return String.valueOf(e.getMessage()).contains("EAGAIN");
        }
    }
}
