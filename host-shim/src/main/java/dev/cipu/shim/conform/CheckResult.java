package dev.cipu.shim.conform;

/**
 * What was found out about one demand.
 *
 * @param id of the demand
 * @param level MUST, SHOULD and so on
 * @param demand in our words
 * @param seen what was seen, or why nothing could be
 * @param seconds that the check took; checks of several demands have one time
 */
public record CheckResult(String id, String level, String demand, Verdict verdict, String seen, double seconds) {}
