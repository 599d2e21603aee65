package dev.cipu.shim.profile;

import dev.cipu.device.card.CardProfile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** The profiles that come with the program, each a YAML file beside {@link CardProfile}, and those of users. */
public final class CardProfiles {
    /** In the order in which they are shown: one maker's generations, then others'. */
    private static final List<String> NAMES = List.of(
            "software-2016",
            "shenlong-1",
            "moc-1.5",
            "bm-hive",
            "shenlong-3",
            "shenlong-4",
            "cipu-1",
            "cipu-2",
            "nitro-like",
            "bluefield-like");

    private static final String ASSUMED = "assumed";

    private static final Pattern FILE = Pattern.compile("/|\\.(yaml|json)$");

    private CardProfiles() {}

    /** Those that come with the program. */
    public static List<String> names() {
        return NAMES;
    }

    /** Those that come with the program. */
    public static List<CardProfile> all() {
        return NAMES.stream().map(CardProfiles::named).toList();
    }

    /** What the timing model assumes of any card, where its profile says nothing: figures, each with its reason. */
    public static CardProfile assumed() {
        return included(ASSUMED);
    }

    /**
     * The profile of a name.
     *
     * @throws ProfileException if there is none; the message lists those that there are
     */
    public static CardProfile named(String name) {
        if (!NAMES.contains(name)) {
            throw new ProfileException("there is no card '" + name + "'; known are " + String.join(", ", NAMES));
        }
        return included(name);
    }

    private static CardProfile included(String name) {
        String file = name + ".yaml";
        try (InputStream in = CardProfile.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("the program lacks " + file);
            }
            return ProfileReader.read(file, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A user's own profile.
     *
     * @throws IOException if the file cannot be read
     * @throws ProfileException if its content makes no sense
     */
    public static CardProfile read(Path file) throws IOException {
        try {
            return ProfileReader.read(file.toString(), Files.readString(file));
        } catch (CharacterCodingException e) {
            throw new ProfileException(file + ": this is no text in UTF-8; give a profile in YAML or JSON", e);
        }
    }

    /**
     * The profile that a user means: a name, or the path of a file, which has a slash in it or ends in {@code .yaml} or {@code .json}.
     *
     * @throws UncheckedIOException if the file cannot be read
     * @throws ProfileException if there is none, or if its content makes no sense
     */
    public static CardProfile find(String nameOrFile) {
        if (!FILE.matcher(nameOrFile).find()) {
            return named(nameOrFile);
        }
        try {
            return read(Path.of(nameOrFile));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
