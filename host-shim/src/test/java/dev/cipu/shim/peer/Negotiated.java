package dev.cipu.shim.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Notes which features other people's drivers accepted from the card, as its log tells at the end of each session:
 * {@code target/negotiated/PEER.tsv}, a line {@code PEER TAB KIND TAB BITS} each. scripts/docs.sh makes docs/virtio-support.md of it.
 */
final class Negotiated {
    private static final Pattern END = Pattern.compile("\\b(net|blk)\\d+: session .*; features \\{([\\d,]+)}");

    /** Whose driver is at the other end, by test. */
    private static final Map<String, String> PEERS = Map.of(
            "GuestNetworkPeerIT", "linux",
            "GuestDiskPeerIT", "linux",
            "TestpmdPeerIT", "dpdk",
            "BareMetalPeerIT", "linux-pci",
            "FunctionLifePeerIT", "linux-pci",
            "BlockClientPeerIT", "libblkio",
            "FirmwarePeerIT", "seabios");

    private Negotiated() {}

    /** Looks through what a card has said that the running test had started. */
    static void record(List<String> said) {
        Optional<String> peer = StackWalker.getInstance()
                .walk(frames -> frames.map(frame -> frame.getClassName().replaceFirst(".*\\.", ""))
                        .map(PEERS::get)
                        .filter(name -> name != null)
                        .findFirst());
        peer.ifPresent(name -> write(name, lines(name, said)));
    }

    static List<String> lines(String peer, List<String> said) {
        return said.stream()
                .map(END::matcher)
                .filter(Matcher::find)
                .map(end -> peer + "\t" + end.group(1) + "\t" + end.group(2))
                .distinct()
                .toList();
    }

    private static void write(String peer, List<String> lines) {
        try {
            Path folder = Files.createDirectories(Path.of("target", "negotiated"));
            Files.write(folder.resolve(peer + ".tsv"), lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
