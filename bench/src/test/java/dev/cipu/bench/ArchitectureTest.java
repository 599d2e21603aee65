package dev.cipu.bench;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;

/** The arrows of docs/architecture.md. Lives in the one module that sees all the others. */
@AnalyzeClasses(packages = "dev.cipu", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String VIRTIO = "dev.cipu.virtio..";
    private static final String DEVICE = "dev.cipu.device..";
    private static final String DATAPLANE = "dev.cipu.dataplane..";
    private static final String SIM = "dev.cipu.sim..";
    private static final String SHIM = "dev.cipu.shim..";
    private static final String BENCH = "dev.cipu.bench..";

    private static final DescribedPredicate<JavaClass> NATIVE_CALLS =
            type(Linker.class).or(type(SymbolLookup.class)).as("native functions through java.lang.foreign");

    /** Of our own packages, those in {@code from} use themselves and {@code to} only. */
    private static ArchRule onlyUses(String from, String... to) {
        DescribedPredicate<JavaClass> allowed = resideInAPackage(from).or(resideInAnyPackage(to));
        return noClasses()
                .that()
                .resideInAPackage(from)
                .should()
                .dependOnClassesThat(resideInAPackage("dev.cipu..").and(DescribedPredicate.not(allowed)))
                .allowEmptyShould(true);
    }

    @ArchTest
    static final ArchRule virtioKnowsNobody = onlyUses(VIRTIO);

    @ArchTest
    static final ArchRule deviceModelKnowsVirtio = onlyUses(DEVICE, VIRTIO);

    @ArchTest
    static final ArchRule dataplaneKnowsVirtio = onlyUses(DATAPLANE, VIRTIO);

    @ArchTest
    static final ArchRule fpgaSimKnowsCardsDataplaneAndVirtio =
            onlyUses(SIM, "dev.cipu.device.card..", DATAPLANE, VIRTIO);

    @ArchTest
    static final ArchRule hostShimKnowsAllBelow = onlyUses(SHIM, DEVICE, DATAPLANE, SIM, VIRTIO);

    @ArchTest
    static final ArchRule nobodyKnowsBench = noClasses()
            .that()
            .resideOutsideOfPackage(BENCH)
            .should()
            .dependOnClassesThat()
            .resideInAPackage(BENCH);

    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().matching("dev.cipu.(**)").should().beFreeOfCycles().allowEmptyShould(true);

    /** The list of requirements is read from the class path, by tests and by no device. Vectors are the compiler's (docs/adr/0027). */
    @ArchTest
    static final ArchRule coreIsFreeOfTheOperatingSystem = noClasses()
            .that()
            .resideInAnyPackage(VIRTIO, DEVICE, DATAPLANE, SIM)
            .and()
            .resideOutsideOfPackage("dev.cipu.virtio.conformance")
            .and()
            .haveNameNotMatching("dev\\.cipu\\.virtio\\.memory\\.Words.*")
            .should()
            .dependOnClassesThat(resideInAnyPackage(
                            "java.io..",
                            "java.net..",
                            "java.nio.file..",
                            "java.nio.channels..",
                            "sun..",
                            "jdk.internal..",
                            "jnr..",
                            "com.kenai..")
                    .or(NATIVE_CALLS)
                    .or(type(Process.class))
                    .or(type(ProcessBuilder.class))
                    .or(type(Runtime.class)));

    /** The micro-benchmarks compare ways of calling. */
    @ArchTest
    static final ArchRule jnrStaysInPosix = noClasses()
            .that()
            .resideOutsideOfPackages("dev.cipu.shim.posix..", "dev.cipu.bench.jmh..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("jnr..", "com.kenai.."));

    /** The file store calls io_uring, a TAP is read and written; the micro-benchmarks compare ways of calling. */
    @ArchTest
    static final ArchRule nativeCallsStayInTheirPackages = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "dev.cipu.shim.posix..", "dev.cipu.shim.store..", "dev.cipu.shim.net..", "dev.cipu.bench.jmh..")
            .should()
            .dependOnClassesThat(NATIVE_CALLS);

    @ArchTest
    static final ArchRule driversAreNotPartOfTheDataplane = noClasses()
            .that()
            .resideInAPackage(DATAPLANE)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.cipu.virtio.driver..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule namesSaySomething = classes()
            .that()
            .resideInAPackage("dev.cipu..")
            .should()
            .haveNameNotMatching(".*(Impl|Manager|Helper|Util|Utils)");
}
