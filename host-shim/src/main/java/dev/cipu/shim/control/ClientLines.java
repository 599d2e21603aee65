package dev.cipu.shim.control;

import dev.cipu.shim.control.Answer.Cause;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * A client's side of the lines of JSON, token by token: to bind them to records would take a client that asks once, and then
 * ends, longer than the card takes for the work. What a later card says beyond this is skipped.
 */
final class ClientLines {
    private static final JsonFactory JSON = new JsonFactory();

    private ClientLines() {}

    static String write(Request request) {
        StringWriter line = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), line)) {
            json.writeStartObject();
            json.writeStringProperty("verb", request.verb().name());
            text(json, "kind", request.kind());
            Map<String, String> keys = request.keys();
            if (keys != null) {
                json.writeObjectPropertyStart("keys");
                for (Map.Entry<String, String> each : keys.entrySet()) {
                    json.writeStringProperty(each.getKey(), each.getValue());
                }
                json.writeEndObject();
            }
            text(json, "id", request.id());
            Boolean up = request.up();
            if (up != null) {
                json.writeBooleanProperty("up", up);
            }
            json.writeEndObject();
        }
        return line.toString();
    }

    private static void text(JsonGenerator json, String name, @Nullable String value) {
        if (value != null) {
            json.writeStringProperty(name, value);
        }
    }

    /**
     * Reads an answer.
     *
     * @throws IllegalArgumentException if it is none
     */
    static Answer read(String line) {
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), line)) {
            require(json.nextToken() == JsonToken.START_OBJECT, line);
            String error = null;
            Cause cause = null;
            List<DeviceView> devices = null;
            Boolean asked = null;
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                if (value == JsonToken.VALUE_NULL) {
                    continue;
                }
                switch (name) {
                    case "error" -> error = text(json);
                    case "cause" -> cause = Cause.valueOf(text(json));
                    case "devices" -> {
                        require(value == JsonToken.START_ARRAY, line);
                        devices = devices(json);
                    }
                    case "asked" -> asked = json.getBooleanValue();
                    default -> json.skipChildren();
                }
            }
            if (json.currentToken() != JsonToken.END_OBJECT || devices == null) {
                throw new IllegalArgumentException("no answer of a card: " + line);
            }
            return new Answer(error, cause, devices, asked);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("no answer of a card: " + e.getOriginalMessage(), e);
        }
    }

    private static List<DeviceView> devices(JsonParser json) {
        List<DeviceView> devices = new ArrayList<>();
        while (json.nextToken() == JsonToken.START_OBJECT) {
            devices.add(device(json));
        }
        require(json.currentToken() == JsonToken.END_ARRAY, "something else among the devices");
        return devices;
    }

    private static DeviceView device(JsonParser json) {
        String kind = null;
        String id = null;
        String at = null;
        boolean listens = false;
        boolean pci = false;
        int queues = 0;
        String mac = null;
        int mtu = 0;
        String network = null;
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = json.currentName();
            if (json.nextToken() == JsonToken.VALUE_NULL) {
                continue;
            }
            switch (name) {
                case "kind" -> kind = text(json);
                case "id" -> id = text(json);
                case "at" -> at = text(json);
                case "listens" -> listens = json.getBooleanValue();
                case "pci" -> pci = json.getBooleanValue();
                case "queues" -> queues = json.getIntValue();
                case "mac" -> mac = text(json);
                case "mtu" -> mtu = json.getIntValue();
                case "network" -> network = text(json);
                default -> json.skipChildren();
            }
        }
        if (kind == null || id == null || at == null) {
            throw new IllegalArgumentException("no answer of a card: a device without a kind, an id or a place");
        }
        return new DeviceView(kind, id, at, listens, pci, queues, mac, mtu, network);
    }

    private static String text(JsonParser json) {
        require(json.currentToken() == JsonToken.VALUE_STRING, String.valueOf(json.currentToken()));
        return json.getString();
    }

    private static void require(boolean isSo, String found) {
        if (!isSo) {
            throw new IllegalArgumentException("no answer of a card: " + found);
        }
    }
}
