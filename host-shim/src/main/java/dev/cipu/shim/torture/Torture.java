package dev.cipu.shim.torture;

import dev.cipu.shim.probe.DeviceKind;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.probe.Peer;
import dev.cipu.shim.torture.Judge.Holdings;
import dev.cipu.shim.torture.Judge.Reaction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs attacks and judges what is left of the victim after each. Owned by one thread.
 *
 * @param <E> what attacks are done by
 */
public final class Torture<E extends Encounter> {
    /** Rounds of each attack when somebody looks for leaks; the first one warms up. */
    private static final int ROUNDS = 4;

    private static final Duration SETTLE = Duration.ofMillis(60);

    private final Victim<E> victim;
    private final ProcessWatch process;
    private final List<Attack<E>> attacks;

    private Torture(Victim<E> victim, ProcessWatch process, List<Attack<E>> attacks) {
        this.victim = victim;
        this.process = process;
        this.attacks = attacks;
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
    public static Torture<?> of(Peer peer, @Nullable DeviceKind kind, long pid, Set<Integer> only) {
        ProcessWatch process = watch(pid);
        return of(BackEndVictim.meet(peer, kind), process, BackEndVictim.attacks(), only);
    }

    /** As {@link #of(Peer, DeviceKind, long, Set)}, of a virtio function behind a vfio-user socket. */
    public static Torture<?> ofFunction(Peer peer, @Nullable DeviceKind kind, long pid, Set<Integer> only) {
        ProcessWatch process = watch(pid);
        return of(FunctionVictim.meet(peer, kind), process, FunctionVictim.attacks(), only);
    }

    private static ProcessWatch watch(long pid) {
        ProcessWatch process = new ProcessWatch(pid);
        if (!process.isAlive()) {
            throw new IllegalArgumentException("there is no process " + pid);
        }
        return process;
    }

    private static <E extends Encounter> Torture<E> of(
            Victim<E> victim, ProcessWatch process, List<Attack<E>> all, Set<Integer> only) {
        List<Attack<E>> attacks = all.stream()
                .filter(attack -> attack.kinds().contains(victim.kind()))
                .filter(attack -> only.isEmpty() || only.contains(attack.number()))
                .toList();
        if (attacks.isEmpty()) {
            throw new IllegalArgumentException("no attack on a " + victim.kind().word() + " device has such a number");
        }
        return new Torture<>(victim, process, attacks);
    }

    public DeviceKind kind() {
        return victim.kind();
    }

    /** Runs the attacks; {@code each} hears of every result at once. */
    public TortureReport run(Consumer<AttackResult> each) {
        List<AttackResult> results = new ArrayList<>();
        long start = System.nanoTime();
        boolean there = true;
        for (Attack<E> attack : attacks) {
            AttackResult result = there
                    ? run(attack)
                    : new AttackResult(attack.number(), attack.text(), Damage.SKIPPED, victim.name() + " is gone", 0);
            there &= result.verdict() != Damage.CRASHED && result.verdict() != Damage.WEDGED;
            results.add(result);
            each.accept(result);
        }
        return TortureReport.of(victim.peer(), victim.kind(), results, (System.nanoTime() - start) / 1e9);
    }

    private AttackResult run(Attack<E> attack) {
        long start = System.nanoTime();
        List<Holdings> holdings = new ArrayList<>();
        Reaction reaction = Reaction.WENT_ON;
        String seen = "";
        boolean alive = true;
        String ill = "";
        for (int round = 0; round < (process.isKnown() ? ROUNDS : 1) && alive && ill.isEmpty(); round++) {
            try (E encounter = victim.encounter()) {
                attempt(attack, encounter);
                reaction = encounter.reaction();
                seen = encounter.seen();
            } catch (Inapplicable e) {
                String why = String.valueOf(e.getMessage());
                return new AttackResult(attack.number(), attack.text(), Damage.SKIPPED, why, 0);
            }
            ill = victim.illness();
            alive = process.isAlive() && victim.listens();
            Pause.of(process.isKnown() ? SETTLE : Duration.ZERO);
            holdings.addAll(process.holdings());
        }
        Damage damage = Judge.verdict(reaction, alive, ill.isEmpty(), holdings);
        String all = seen
                + (ill.isEmpty() ? "" : "; then " + ill)
                + (damage == Damage.LEAKED ? "; holdings round by round: " + holdings : "");
        return new AttackResult(attack.number(), attack.text(), damage, all, (System.nanoTime() - start) / 1e9);
    }

    private void attempt(Attack<E> attack, E encounter) {
        try {
            attack.body().accept(encounter);
        } catch (LinkException e) {
            encounter.ended("the session", e);
        }
    }
}
