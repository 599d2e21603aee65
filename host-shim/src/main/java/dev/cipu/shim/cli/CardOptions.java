package dev.cipu.shim.cli;

import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.CardSpecBuilder;
import dev.cipu.shim.assembly.CardYaml;
import dev.cipu.shim.assembly.KeyValues;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The words that describe a card, shared by the commands that need to know it. */
final class CardOptions {
    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            description = "A card's description in YAML; options add to it. See docs/cli.md.")
    private @Nullable Path file;

    @Option(names = "--config", paramLabel = "FILE", description = "The same.")
    private @Nullable Path config;

    @Option(
            names = "--net",
            paramLabel = "KEY=VALUE,...",
            description = {
                "A network device. Keys: socket=PATH, id=NAME, mac=52:54:00:12:34:56, queues=PAIRS (1), mtu=BYTES (1500),"
                        + " switch=NAME (sw0), coalesce=on|off, timing=CARD|none, mode=server|client, fd=N (an inherited listening socket),"
                        + " transport=vhost-user|vfio-user, doorbells=mapped|trapped (of vfio-user)."
            })
    private List<String> nets = List.of();

    @Option(
            names = "--blk",
            paramLabel = "KEY=VALUE,...",
            description = {
                "A block device. Keys: socket=PATH, store=mem:SIZE|null:SIZE|file:PATH, direct=on|off,"
                        + " size=BYTES (make the file), ro=on|off,"
                        + " queues=N (1), serial=TEXT, block-size=BYTES (512), id=NAME, mode=server|client, fd=N,"
                        + " transport=vhost-user|vfio-user, doorbells=mapped|trapped,"
                        + " zoned=host-managed|host-aware with zone-size=BYTES (16M), zones-conventional=N, max-open=N,"
                        + " max-active=N; timing=CARD|none, secure-erase=on|off, lifetime=BYTES, worn=BYTES, opt-io=BYTES. See docs/cli.md."
            })
    private List<String> blks = List.of();

    @Option(
            names = "--card",
            paramLabel = "NAME|FILE",
            description = {
                "The generation that the card is of: bounds its devices, and what those offer that name no preset."
                        + " See 'cipu card list'. Default: none, no bounds."
            })
    private @Nullable String card;

    @Option(
            names = "--timing",
            paramLabel = "NAME|FILE|none",
            description = {
                "Let each request and frame take as long as on this card, at least, and pass at its rates, at most; a device may"
                        + " differ with timing=NAME|FILE|none. See 'cipu card list'. Default: none, as fast as it goes."
            })
    private @Nullable String timing;

    @Option(
            names = "--tap",
            paramLabel = "KEY=VALUE,...",
            description = {
                "An interface of this host on the card's switch; needs root. Keys: name=INTERFACE (the id), netns=NAME|PATH"
                        + " (a container's network namespace), addr=10.0.0.2/24, mac=..., mtu=BYTES (1500), switch=NAME (sw0),"
                        + " id=NAME."
            })
    private List<String> taps = List.of();

    @Option(
            names = "--control",
            paramLabel = "SOCKET",
            description = "Take requests on this socket: cipu attach, detach, devices, link, announce.")
    private @Nullable String control;

    @Option(
            names = "--record",
            paramLabel = "DIR",
            description = "Record what passes the queues in this new directory, for 'cipu trace'. See docs/traces.md.")
    private @Nullable String record;

    @Option(
            names = "--record-payload",
            paramLabel = "WHAT",
            description = "How much of it: headers (the first 64 bytes of frames; the default), all, or none.")
    private @Nullable String recordPayload;

    @Option(
            names = "--uplink",
            paramLabel = "UPLINK",
            description = "Where the switch leads to: loopback: (every frame comes back) or none (the default).")
    private @Nullable String uplink;

    @Option(
            names = "--cores",
            paramLabel = "N[,N...]",
            description = "The CPUs that stand for the card's, one worker each. Default: the first one allowed.")
    private @Nullable String cores;

    @Option(
            names = "--idle",
            paramLabel = "POLICY",
            description = {
                "What a worker without work does: spin (least latency, a whole core), backoff, or sleep (until a kick)."
                        + " Default: spin, or backoff where there is one core only."
            })
    private @Nullable String idle;

    @Option(
            names = "--stats",
            paramLabel = "FILE",
            description = "Where the counters are kept. Default: a file of this card in the user's runtime directory.")
    private @Nullable Path stats;

    /** The card that file and options describe together. */
    CardSpec spec() {
        CardSpecBuilder builder = new CardSpecBuilder();
        if (file != null && config != null) {
            throw new ParameterException(
                    command.commandLine(), "'" + file + "' and --config describe the card; leave one of them out");
        }
        if (file != null) {
            read(file, "the command line", builder);
        }
        if (config != null) {
            read(config, "--config", builder);
        }
        if (card != null) {
            builder.card("--card", card);
        }
        if (timing != null) {
            builder.timing("--timing", timing);
        }
        if (cores != null) {
            builder.cores("--cores", cores);
        }
        if (idle != null) {
            builder.idle("--idle", idle);
        }
        if (stats != null) {
            builder.stats(stats);
        }
        if (uplink != null) {
            builder.uplink("--uplink", uplink);
        }
        for (int i = 0; i < nets.size(); i++) {
            builder.net(KeyValues.parse(numbered("--net", nets, i), nets.get(i)));
        }
        for (int i = 0; i < blks.size(); i++) {
            builder.blk(KeyValues.parse(numbered("--blk", blks, i), blks.get(i)));
        }
        for (int i = 0; i < taps.size(); i++) {
            builder.tap(KeyValues.parse(numbered("--tap", taps, i), taps.get(i)));
        }
        if (control != null) {
            builder.control("--control", control);
        }
        Map<String, String> recording = new LinkedHashMap<>();
        if (record != null) {
            recording.put("dir", record);
        }
        if (recordPayload != null) {
            recording.put("payload", recordPayload);
        }
        if (!recording.isEmpty()) {
            builder.record(new KeyValues("--record", recording));
        }
        return builder.build();
    }

    private static void read(Path file, String where, CardSpecBuilder builder) {
        try {
            CardYaml.read(file, builder);
        } catch (NoSuchFileException e) {
            throw new CommandFailure(ExitCode.MISSING, "there is no file " + file + "; check " + where, e);
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.MISSING, "cannot read " + file + ": " + e.getMessage() + "; check " + where, e);
        }
    }

    private static String numbered(String option, List<String> all, int index) {
        return all.size() == 1 ? option : option + " number " + (index + 1);
    }
}
