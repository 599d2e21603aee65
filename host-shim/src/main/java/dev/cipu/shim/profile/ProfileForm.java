package dev.cipu.shim.profile;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.ComputeForm;
import dev.cipu.device.card.Evidence;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Section;
import dev.cipu.device.card.Source;
import dev.cipu.device.card.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A profile as its file has it: any key may be missing here, and nothing is checked yet. What is made of a profile can be read
 * again, so that a profile that was shown as JSON is the beginning of one's own.
 *
 * @param serves by {@link ComputeForm#key}
 * @param features {@code net} and {@code blk}: a preset each
 * @param figures by section and parameter
 * @param sources by id
 */
@JsonInclude(Include.NON_NULL)
public record ProfileForm(
        @Nullable String name,
        @Nullable String title,
        @Nullable Integer year,
        @Nullable Said introduced,
        @Nullable Map<String, @Nullable Said> serves,
        @Nullable Map<String, @Nullable Said> features,
        @Nullable Map<String, @Nullable Map<String, @Nullable Amount>> figures,
        @Nullable Map<String, @Nullable Document> sources) {
    static final String NET = "net";
    static final String BLK = "blk";

    /** A statement with its evidence. */
    @JsonInclude(Include.NON_NULL)
    public record Said(
            @Nullable String what,
            @Nullable String mark,
            @Nullable String source,
            @Nullable String at,
            @Nullable String reason) {
        static Said of(Statement statement) {
            Evidence why = statement.evidence();
            return new Said(statement.text(), why.mark().symbol(), idOf(why.source()), why.at(), why.reason());
        }
    }

    /** A figure with its evidence. */
    @JsonInclude(Include.NON_NULL)
    public record Amount(
            @Nullable Double value,
            @Nullable Double upTo,
            @Nullable String unit,
            @Nullable String mark,
            @Nullable String source,
            @Nullable String at,
            @Nullable String reason) {
        static Amount of(Figure figure) {
            Evidence why = figure.evidence();
            return new Amount(
                    figure.value(),
                    figure.upTo(),
                    figure.parameter().unit(),
                    why.mark().symbol(),
                    idOf(why.source()),
                    why.at(),
                    why.reason());
        }
    }

    /** A source. */
    public record Document(
            @Nullable String document, @Nullable Integer year) {}

    /** The file of a profile. */
    public static ProfileForm of(CardProfile profile) {
        Map<String, @Nullable Said> serves = new LinkedHashMap<>();
        profile.serves().forEach((form, statement) -> serves.put(form.key(), Said.of(statement)));
        Map<String, @Nullable Said> features = new LinkedHashMap<>();
        features.put(NET, Said.of(profile.netFeatures()));
        features.put(BLK, Said.of(profile.blkFeatures()));
        Map<String, @Nullable Map<String, @Nullable Amount>> figures = new LinkedHashMap<>();
        for (Section section : Section.values()) {
            Map<String, @Nullable Amount> numbers = new LinkedHashMap<>();
            profile.figures(section)
                    .forEach(each -> numbers.put(each.parameter().key(), Amount.of(each)));
            if (!numbers.isEmpty()) {
                figures.put(section.key(), numbers);
            }
        }
        Map<String, @Nullable Document> sources = new TreeMap<>();
        evidence(profile).map(Evidence::source).forEach(source -> {
            if (source != null) {
                sources.put(source.id(), new Document(source.document(), source.year()));
            }
        });
        return new ProfileForm(
                profile.name(),
                profile.title(),
                profile.year(),
                Said.of(profile.introduced()),
                serves,
                features,
                figures,
                sources);
    }

    private static Stream<Evidence> evidence(CardProfile profile) {
        Stream<Statement> statements = Stream.concat(
                Stream.of(profile.introduced(), profile.netFeatures(), profile.blkFeatures()),
                profile.serves().values().stream());
        return Stream.concat(
                statements.map(Statement::evidence),
                profile.figures().values().stream().map(Figure::evidence));
    }

    private static @Nullable String idOf(@Nullable Source source) {
        return source == null ? null : source.id();
    }
}
