package dev.cipu.shim.torture;

/**
 * What became of one attack.
 *
 * @param number of the attack, stable
 * @param text what it does
 * @param seen how the back-end took it
 */
public record AttackResult(int number, String text, Damage verdict, String seen, double seconds) {}
