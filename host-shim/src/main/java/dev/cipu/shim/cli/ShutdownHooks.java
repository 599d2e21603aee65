package dev.cipu.shim.cli;

/** Threads that run when the process is told to end. */
final class ShutdownHooks {
    private ShutdownHooks() {}

    /** Takes a hook back, unless the process is ending already: then it runs. */
    static void remove(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            // the process is ending
        }
    }
}
