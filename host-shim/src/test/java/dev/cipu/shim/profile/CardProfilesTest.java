package dev.cipu.shim.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.ComputeForm;
import dev.cipu.device.card.Evidence;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Mark;
import dev.cipu.device.card.Parameter;
import dev.cipu.device.card.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/** The profiles that come with the program. */
class CardProfilesTest {
    /** What every card is described by, known or assumed. */
    private static final Set<Parameter> BOUNDS = EnumSet.of(
            Parameter.PHYSICAL_FUNCTIONS,
            Parameter.VIRTUAL_FUNCTIONS,
            Parameter.NET_PAIRS,
            Parameter.BLK_QUEUES,
            Parameter.BANDWIDTH,
            Parameter.PACKET_RATE,
            Parameter.IOPS,
            Parameter.READ_LATENCY,
            Parameter.WRITE_LATENCY,
            Parameter.LINK_GENERATION,
            Parameter.LINK_LANES,
            Parameter.LINK_BANDWIDTH,
            Parameter.DMA_ENGINES,
            Parameter.DMA_BANDWIDTH,
            Parameter.DMA_READ_LATENCY,
            Parameter.INTERRUPT_LATENCY,
            Parameter.CORES_LOST,
            Parameter.MEMORY_TAKEN);

    static List<String> names() {
        return CardProfiles.names();
    }

    @Test
    void theGenerationsAndTwoRivalsAreThere() {
        assertThat(CardProfiles.names())
                .contains(
                        "software-2016",
                        "shenlong-1",
                        "moc-1.5",
                        "shenlong-3",
                        "shenlong-4",
                        "bm-hive",
                        "cipu-1",
                        "cipu-2",
                        "nitro-like",
                        "bluefield-like");
        assertThat(CardProfiles.all()).extracting(CardProfile::name).isEqualTo(CardProfiles.names());
    }

    @Test
    void noFileIsLeftOut() throws Exception {
        URI one = Objects.requireNonNull(CardProfile.class.getResource("cipu-1.yaml"))
                .toURI();
        // a module is a jar or a folder, as the build likes
        if (one.getScheme().equals("jar")) {
            try (FileSystem jar = FileSystems.newFileSystem(one, Map.of())) {
                assertHasAll(jar.getPath("dev", "cipu", "device", "card"));
            }
        } else {
            assertHasAll(Objects.requireNonNull(Path.of(one).getParent()));
        }
    }

    private static void assertHasAll(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> String.valueOf(file.getFileName())).filter(file -> file.endsWith(".yaml")))
                    .containsExactlyInAnyOrderElementsOf(
                            Stream.concat(CardProfiles.names().stream(), Stream.of("assumed"))
                                    .map(name -> name + ".yaml")
                                    .toList());
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void everyNumberHasASourceOrAReason(String name) {
        CardProfile card = CardProfiles.named(name);
        assertThat(card.figures()).isNotEmpty();
        for (Figure each : card.figures().values()) {
            Evidence evidence = each.evidence();
            Source source = evidence.source();
            if (evidence.mark().cites()) {
                assertThat(source).as(each.parameter().path()).isNotNull();
                assertThat(evidence.text()).contains(source == null ? "?" : source.document());
            } else {
                assertThat(source).as(each.parameter().path()).isNull();
                assertThat(evidence.text())
                        .as(each.parameter().path())
                        .startsWith(evidence.mark().meaning())
                        .hasSizeGreaterThan(evidence.mark().meaning().length() + 8);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void everyCardIsDescribedWhole(String name) {
        CardProfile card = CardProfiles.named(name);
        assertThat(card.serves()).isNotEmpty();
        if (!name.startsWith("software")) {
            assertThat(card.figures().keySet()).containsAll(BOUNDS);
            assertThat(card.serves()).containsKey(ComputeForm.BARE_METAL);
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void whatIsShownAsJsonCanBeReadAgain(String name) {
        CardProfile card = CardProfiles.named(name);
        String json = JsonMapper.builder().build().writeValueAsString(ProfileForm.of(card));
        assertThat(ProfileReader.read("card.json", json)).isEqualTo(card);
    }

    /** A sample of what was published, as it was published. */
    @ParameterizedTest
    @CsvSource({
        "software-2016,HOST_CORES,32,READ",
        "software-2016,CORES_LOST,12,READ",
        "software-2016,CORE_PACKET_RATE,1.5,READ",
        "software-2016,IOPS,440,READ",
        "shenlong-1,STORAGE_HOST_CORES,4,READ",
        "moc-1.5,IOPS,1300,READ",
        "moc-1.5,ADDED_LATENCY,2,READ",
        "bm-hive,SERVERS,16,READ",
        "bm-hive,LINK_CROSSING,800,RECALLED",
        "bm-hive,GUEST_IOPS,25,RECALLED",
        "shenlong-3,PACKET_RATE,24,RECALLED",
        "shenlong-4,RDMA_LATENCY,5,SUMMARY",
        "cipu-1,BANDWIDTH,200,SUMMARY",
        "cipu-1,PACKET_RATE,40,SUMMARY",
        "cipu-1,CORE_PACKET_RATE,2.25,DERIVED",
        "cipu-1,DMA_PACKET_TIME,16,READ",
        "cipu-1,IOPS,7200,READ",
        "cipu-2,BANDWIDTH,400,READ",
        "bluefield-like,VIRTUAL_FUNCTIONS,504,READ",
        "nitro-like,NET_PAIRS,8,READ"
    })
    void publishedFiguresAreAsPublished(String name, Parameter parameter, double value, Mark mark) {
        Figure figure = Objects.requireNonNull(CardProfiles.named(name).figure(parameter));
        assertThat(figure.value()).isEqualTo(value);
        assertThat(figure.evidence().mark()).isEqualTo(mark);
    }

    @Test
    void anUnknownNameNamesTheKnownOnes() {
        assertThatThrownBy(() -> CardProfiles.named("cipu-9"))
                .isInstanceOf(ProfileException.class)
                .hasMessageContaining("'cipu-9'")
                .hasMessageContaining("cipu-1, cipu-2");
        assertThatThrownBy(() -> CardProfiles.named("../card/cipu-1")).isInstanceOf(ProfileException.class);
    }

    @Test
    void aPathIsTheUsersOwn(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("mine.yaml");
        Files.writeString(
                file, JsonMapper.builder().build().writeValueAsString(ProfileForm.of(CardProfiles.named("cipu-2"))));
        assertThat(CardProfiles.find(file.toString())).isEqualTo(CardProfiles.find("cipu-2"));
        assertThatThrownBy(() -> CardProfiles.find(folder + "/other.yaml")).isInstanceOf(UncheckedIOException.class);
        Files.write(file, new byte[] {'n', (byte) 0xff});
        assertThatThrownBy(() -> CardProfiles.read(file)).hasMessageContaining("no text in UTF-8");
    }
}
