package dev.cipu.bench.conformance;

import dev.cipu.virtio.conformance.Conforms;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.Annotation;
import java.lang.classfile.AnnotationValue;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What {@link Conforms} says in compiled test classes: which test shows which requirement. Reads the class files, so that it needs
 * neither the other modules' test dependencies nor their test jars.
 *
 * @param tests for each id, the tests that carry it, as {@code package.Class#method} without our common prefix
 * @param misplaced marks where no test is that the build would run
 */
record TestMarks(SortedMap<String, SortedSet<String>> tests, List<String> misplaced) {
    private static final String MARK = "L" + Conforms.class.getName().replace('.', '/') + ";";

    /** What makes a method a test. */
    private static final Set<String> TEST = Set.of(
            "Lorg/junit/jupiter/api/Test;",
            "Lorg/junit/jupiter/api/RepeatedTest;",
            "Lorg/junit/jupiter/api/TestFactory;",
            "Lorg/junit/jupiter/params/ParameterizedTest;",
            "Lcom/code_intelligence/jazzer/junit/FuzzTest;");

    private static final String DISABLED = "Lorg/junit/jupiter/api/Disabled;";

    /** The classes that surefire and failsafe look into. */
    private static final Pattern RUN = Pattern.compile("(Test.*|.*(Test|Tests|TestCase|IT))");

    private static final String PREFIX = "dev.cipu.";

    /** The marks of every module of the project. */
    static TestMarks ofProject(Path root) {
        List<Path> folders;
        try (Stream<Path> modules = Files.list(root)) {
            folders = modules.map(module -> module.resolve("target/test-classes"))
                    .filter(Files::isDirectory)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        TestMarks marks = new TestMarks(new TreeMap<>(), new ArrayList<>());
        folders.forEach(marks::addFolder);
        return marks;
    }

    private void addFolder(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".class"))
                    .sorted()
                    .toList()) {
                add(Files.readAllBytes(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds the marks of one class file. */
    void add(byte[] classFile) {
        ClassModel model = ClassFile.of().parse(classFile);
        String name = model.thisClass().asInternalName().replace('/', '.');
        String shown = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
        mark(model, shown, isRun(model, name));
        for (MethodModel method : model.methods()) {
            boolean test = annotations(method)
                    .anyMatch(each -> TEST.contains(each.className().stringValue()));
            String at = shown + "#" + method.methodName().stringValue();
            mark(method, at, test && isOn(method) && isRun(model, name));
        }
    }

    private void mark(AttributedElement element, String at, boolean run) {
        List<String> ids = annotations(element)
                .filter(each -> each.className().stringValue().equals(MARK))
                .flatMap(TestMarks::ids)
                .toList();
        if (!ids.isEmpty() && !run) {
            misplaced.add(at);
        }
        ids.forEach(id -> tests.computeIfAbsent(id, _ -> new TreeSet<>()).add(at));
    }

    /** An abstract class is a test of its heirs, whose names do not concern us. */
    private static boolean isRun(ClassModel model, String name) {
        String outermost = name.substring(name.lastIndexOf('.') + 1).replaceFirst("\\$.*", "");
        return isOn(model)
                && (model.flags().has(AccessFlag.ABSTRACT)
                        || RUN.matcher(outermost).matches());
    }

    private static boolean isOn(AttributedElement element) {
        return annotations(element)
                .noneMatch(each -> each.className().stringValue().equals(DISABLED));
    }

    private static Stream<Annotation> annotations(AttributedElement element) {
        return element.findAttribute(Attributes.runtimeVisibleAnnotations()).stream()
                .flatMap(each -> each.annotations().stream());
    }

    private static Stream<String> ids(Annotation mark) {
        return mark.elements().stream().flatMap(element -> strings(element.value()));
    }

    private static Stream<String> strings(AnnotationValue value) {
        return switch (value) {
            case AnnotationValue.OfString text -> Stream.of(text.stringValue());
            case AnnotationValue.OfArray array -> array.values().stream().flatMap(TestMarks::strings);
            default -> Stream.empty();
        };
    }

    /** The tests of one requirement; none if it has none. */
    Set<String> of(String id) {
        SortedSet<String> found = tests.get(id);
        return found == null ? Set.of() : found;
    }
}
