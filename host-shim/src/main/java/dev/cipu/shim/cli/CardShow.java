package dev.cipu.shim.cli;

import dev.cipu.device.card.CardProfile;
import dev.cipu.shim.profile.CardProfiles;
import dev.cipu.shim.profile.ProfileForm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cipu card show}. */
@Command(
        name = "show",
        description = {
            "Show all that is known of a card: each figure with its unit, its mark and its source.",
            "Its JSON is a profile, too: change it, and show it with --file."
        })
final class CardShow implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(paramLabel = "NAME", arity = "0..1", description = "A card that 'cipu card list' has.")
    private @Nullable String name;

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description = "A profile of your own, YAML or JSON, instead of NAME.")
    private @Nullable Path file;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Override
    public Integer call() throws IOException {
        CardProfile card = chosen();
        json.show(ProfileForm.of(card), out -> new CardSheet(card).print(out));
        return ExitCode.DONE;
    }

    private CardProfile chosen() throws IOException {
        if (file != null && name == null) {
            return CardProfiles.read(file);
        }
        if (name != null && file == null) {
            return CardProfiles.named(name);
        }
        throw new ParameterException(
                spec.commandLine(), "name one card: one of " + String.join(", ", CardProfiles.names()) + "; or --file");
    }
}
