package dev.cipu.shim.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A page of the manual, whose commands a test gives as they stand there. */
final class Page {
    private final String name;
    private final List<String> lines;

    private Page(String name, List<String> lines) {
        this.name = name;
        this.lines = lines;
    }

    /** The checkout that this test is of. */
    static Path checkout() {
        return Path.of("..").toAbsolutePath().normalize();
    }

    /** A page of {@code docs/}. */
    static Page read(String name) {
        try {
            return new Page(name, Files.readAllLines(checkout().resolve("docs").resolve(name)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The commands of a block that begins with <code>```sh</code>: the block of that number, from 0, below a heading. */
    String commands(String heading, int number) {
        List<String> blocks = blocks(heading);
        if (blocks.size() <= number) {
            throw new AssertionError(name + " has " + blocks.size() + " blocks of commands below '" + heading
                    + "', not " + (number + 1));
        }
        return blocks.get(number);
    }

    private List<String> blocks(String heading) {
        List<String> blocks = new ArrayList<>();
        boolean below = false;
        StringBuilder block = null;
        for (String line : lines) {
            if (block != null && line.equals("```")) {
                blocks.add(block.toString());
                block = null;
            } else if (block != null) {
                block.append(line).append('\n');
            } else if (line.startsWith("## ")) {
                below = line.equals("## " + heading);
            } else if (below && line.equals("```sh")) {
                block = new StringBuilder();
            }
        }
        return blocks;
    }
}
