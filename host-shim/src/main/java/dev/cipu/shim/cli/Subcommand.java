package dev.cipu.shim.cli;

/**
 * A picocli {@code @Command} object that is a subcommand of {@code cipu}. Modules add theirs through {@link
 * java.util.ServiceLoader}, so that this one need not know them.
 */
public interface Subcommand {}
