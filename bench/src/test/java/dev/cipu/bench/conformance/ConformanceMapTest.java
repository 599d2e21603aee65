package dev.cipu.bench.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.virtio.conformance.Conforms;
import dev.cipu.virtio.conformance.Requirement;
import java.io.IOException;
import java.lang.classfile.Annotation;
import java.lang.classfile.AnnotationElement;
import java.lang.classfile.AnnotationValue;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.RuntimeVisibleAnnotationsAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Every requirement has a test or a reason, and docs/conformance.md says which. */
class ConformanceMapTest {
    private static final List<Requirement> SMALL = List.of(
            new Requirement("AA-001", "MUST", "1.2", "A", "Do one thing."),
            new Requirement("AA-002", "MUST NOT", "1.2", "A", "Do a|nother_."),
            new Requirement("AA-003", "MAY", "1.2", "A", "Do a third."));

    @Test
    void everyRequirementHasATestOrAReason() {
        assertThat(project().problems()).isEmpty();
    }

    @Test
    void thePageIsUpToDate() throws IOException {
        GeneratedPage.check("conformance.md", project().page());
    }

    private static ConformanceMap project() {
        Path root = GeneratedPage.root();
        List<Requirement> requirements = Requirement.all();
        TestMarks marks = TestMarks.ofProject(root);
        Path pending = Excuses.path(root, "pending.tsv");
        if (GeneratedPage.isToBeWritten()) {
            Map<String, String> left =
                    new LinkedHashMap<>(Excuses.read(pending, requirements).words());
            left.keySet().removeAll(marks.tests().keySet());
            Excuses.rewrite(pending, left);
        }
        return new ConformanceMap(
                requirements,
                marks,
                Excuses.read(Excuses.path(root, "not-applicable.tsv"), requirements),
                Excuses.read(pending, requirements));
    }

    private static ConformanceMap small(Map<String, String> tests, String notApplicable, String pending) {
        TestMarks marks = new TestMarks(new TreeMap<>(), new ArrayList<>());
        tests.forEach((id, test) -> marks.tests().put(id, new TreeSet<>(List.of(test))));
        return new ConformanceMap(
                SMALL,
                marks,
                Excuses.parse("n", notApplicable.lines().toList(), SMALL),
                Excuses.parse("p", pending.lines().toList(), SMALL));
    }

    @Test
    void oneReasonEachIsEnough() {
        assertThat(small(Map.of("AA-001", "T#a"), "# remark\nAA-002\tbecause\n", "AA-003\tme")
                        .problems())
                .isEmpty();
        assertThat(small(Map.of(), "AA-001..AA-002\tbecause", "AA-003\tme").problems())
                .isEmpty();
        assertThat(small(Map.of(), "AA\tbecause", "").problems()).isEmpty();
    }

    @Test
    void gapsAndDoublesAreNamed() {
        assertThat(small(Map.of("AA-001", "T#a"), "AA-001\tbecause", "AA-003\tme")
                        .problems())
                .containsExactly(
                        "AA-001 is tested by T#a and not applicable",
                        "AA-002 has no test and no reason: Do a|nother_.");
        assertThat(small(Map.of("AA-003", "T#a", "AA-009", "T#b"), "AA-001..AA-002\tbecause", "AA-003\tme")
                        .problems())
                .containsExactly(
                        "AA-003 is tested by T#a and pending",
                        "no requirement has the id AA-009, which these tests name: T#b");
        assertThat(small(Map.of(), "AA\tbecause\nAA-001\tagain\nAA-004\tx\nBB\tx\nAA-002..AA-001\tx\nAA-002\n", "")
                        .problems())
                .containsExactly(
                        "n: AA-001 is listed twice",
                        "n: no requirement has the id AA-004",
                        "n: no requirement has the id BB",
                        "n: no requirement has the id AA-002..AA-001",
                        "n: not 'ids TAB words': AA-002");
    }

    private static final ClassDesc TEST = ClassDesc.of("org.junit.jupiter.api.Test");
    private static final ClassDesc OFF = ClassDesc.of("org.junit.jupiter.api.Disabled");

    /** A class with one method, and the given annotations on it besides the mark. */
    private static TestMarks marked(String name, ClassDesc... annotations) {
        List<Annotation> all = new ArrayList<>();
        all.add(Annotation.of(
                ClassDesc.of(Conforms.class.getName()),
                AnnotationElement.of("value", AnnotationValue.of(new String[] {"AA-001", "AA-002"}))));
        for (ClassDesc each : annotations) {
            all.add(Annotation.of(each));
        }
        byte[] file = ClassFile.of()
                .build(
                        ClassDesc.of(name),
                        type -> type.withMethod(
                                "a",
                                MethodTypeDesc.of(ConstantDescs.CD_void),
                                ClassFile.ACC_NATIVE,
                                method -> method.with(RuntimeVisibleAnnotationsAttribute.of(all))));
        TestMarks marks = new TestMarks(new TreeMap<>(), new ArrayList<>());
        marks.add(file);
        return marks;
    }

    @Test
    void marksAreReadFromClassFiles() {
        TestMarks marks = marked("dev.cipu.x.SomeTest", TEST);
        assertThat(marks.of("AA-001")).containsExactly("x.SomeTest#a");
        assertThat(marks.of("AA-002")).containsExactly("x.SomeTest#a");
        assertThat(marks.of("AA-003")).isEmpty();
        assertThat(marks.misplaced()).isEmpty();
        assertThat(marked("dev.cipu.x.SomePeerIT$Inner", TEST).misplaced()).isEmpty();
    }

    @Test
    void aMarkOnWhatNobodyRunsIsMisplaced() {
        assertThat(marked("dev.cipu.x.SomeTest").misplaced()).containsExactly("x.SomeTest#a");
        assertThat(marked("dev.cipu.x.SomeTest", TEST, OFF).misplaced()).containsExactly("x.SomeTest#a");
        assertThat(marked("dev.cipu.x.Bystander", TEST).misplaced()).containsExactly("x.Bystander#a");
    }
}
