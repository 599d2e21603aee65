package dev.cipu.shim.peer;

import java.time.Duration;

/** A shell that takes commands on its standard input: that of a machine's serial port, or of a container. One thread uses it. */
record Console(Child child) {
    /** Emulated, on a processor that is shared with others. */
    static final Duration LIMIT = Duration.ofMinutes(5);

    /** Gives it a command. */
    void run(String command) {
        child.say(command);
    }

    /** Gives it a command, and returns the first line that it prints. */
    String ask(String command) {
        int mark = child.mark();
        child.say("echo \"RESULT answer:$(" + command + ")\"");
        // not the command itself, which a terminal may echo
        return child.await("RESULT answer:(?!\\$)(.*)", mark, LIMIT).group(1);
    }
}
