package dev.cipu.shim.cli;

import dev.cipu.shim.assembly.KeyValues;
import dev.cipu.shim.control.Answer;
import dev.cipu.shim.control.DeviceView;
import dev.cipu.shim.control.Request;
import dev.cipu.shim.control.Request.Verb;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What a command asks a running card, and what it then tells people.
 *
 * @param lines for standard output, made of the card's answer
 */
record Errand(Request request, Function<Answer, List<String>> lines) {
    static final String UP = "up";
    static final String DOWN = "down";

    private static final String FILE_STORE = "file:";

    /**
     * A device comes.
     *
     * @param words as the user wrote them, {@code key=value,...} each
     */
    static Errand attach(String kind, List<String> words) {
        return new Errand(Request.attach(kind, keys(words)), Errand::ready);
    }

    static Errand detach(String id) {
        return new Errand(Request.about(Verb.DETACH, id), _ -> List.of("detached " + id));
    }

    static Errand devices() {
        return new Errand(
                Request.devices(),
                answer -> answer.devices().stream()
                        .map(each -> each.kind() + " " + each.id() + " " + each.at())
                        .toList());
    }

    static Errand link(String id, boolean up) {
        return new Errand(Request.link(id, up), _ -> List.of("link " + id + " " + (up ? UP : DOWN)));
    }

    static Errand announce(String id) {
        return new Errand(
                Request.about(Verb.ANNOUNCE, id),
                answer -> List.of("announced " + id + ": "
                        + (Boolean.TRUE.equals(answer.asked()) ? "its driver was asked" : "by the card")));
    }

    private static List<String> ready(Answer answer) {
        return answer.devices().stream().map(DeviceView::readyLine).toList();
    }

    /** The card may run in another folder than this command. */
    private static Map<String, String> keys(List<String> words) {
        Map<String, String> keys = words.isEmpty()
                ? new LinkedHashMap<>()
                : KeyValues.parse("attach", String.join(",", words)).all();
        keys.computeIfPresent("socket", (_, path) -> absolute(path));
        keys.computeIfPresent(
                "store",
                (_, store) -> store.startsWith(FILE_STORE) && store.length() > FILE_STORE.length()
                        ? FILE_STORE + absolute(store.substring(FILE_STORE.length()))
                        : store);
        return keys;
    }

    private static String absolute(String path) {
        return path.isEmpty() ? path : Path.of(path).toAbsolutePath().toString();
    }
}
