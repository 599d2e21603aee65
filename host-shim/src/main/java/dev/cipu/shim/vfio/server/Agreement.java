package dev.cipu.shim.vfio.server;

import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.VfioMessage;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What client and server agreed on before everything else. {@code [vfio-user "VFIO_USER_VERSION"]} The answer names only
 * capabilities that the client has named; of those that we lack, such as a second socket and migration, it says nothing.
 *
 * @param minor the version's lower part
 * @param descriptors that the client takes with one message
 * @param transfer bytes of memory that the client moves with one message
 * @param writesMany whether REGION_WRITE_MULTI may come
 * @param answer our capabilities as JSON
 */
record Agreement(int minor, int descriptors, long transfer, boolean writesMany, String answer) {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** Nobody has so much to say. */
    private static final int MOST_JSON = 4096;

    private static final String CAPABILITIES = "capabilities";
    private static final String DESCRIPTORS = "max_msg_fds";
    private static final String TRANSFER = "max_data_xfer_size";
    private static final String MAPS = "max_dma_maps";
    private static final String PAGES = "pgsizes";
    private static final String WRITES_MANY = "write_multiple";

    /** What a client takes that does not say. */
    private static final int DEFAULT_DESCRIPTORS = 1;

    /** Reads a client's proposal. */
    static Agreement of(VfioMessage proposal) {
        int major = proposal.u16(VfioLayout.MAJOR);
        if (major != VfioLayout.MAJOR_SPOKEN) {
            throw new Refusal("version " + major + " of the protocol");
        }
        JsonNode named = capabilities(proposal);
        ObjectNode ours = JSON.createObjectNode();
        ObjectNode mine = ours.putObject(CAPABILITIES);
        put(mine, named, DESCRIPTORS, VfioLayout.MAX_DESCRIPTORS);
        put(mine, named, TRANSFER, VfioLayout.MAX_DATA);
        put(mine, named, MAPS, DmaTable.MAX_REGIONS);
        put(mine, named, PAGES, DmaRegion.PAGE);
        JsonNode many = named.get(WRITES_MANY);
        if (many != null && !many.isBoolean()) {
            throw new Refusal(WRITES_MANY + " is neither true nor false");
        }
        boolean writesMany = many != null && many.booleanValue();
        if (writesMany) {
            mine.put(WRITES_MANY, true);
        }
        long descriptors = named.has(DESCRIPTORS) ? named.get(DESCRIPTORS).longValue() : DEFAULT_DESCRIPTORS;
        return new Agreement(
                Math.min(proposal.u16(VfioLayout.MINOR), VfioLayout.MINOR_SPOKEN),
                (int) Math.min(descriptors, VfioLayout.MAX_DESCRIPTORS),
                named.has(TRANSFER) ? named.get(TRANSFER).longValue() : VfioLayout.MAX_DATA,
                writesMany,
                JSON.writeValueAsString(ours));
    }

    private static void put(ObjectNode mine, JsonNode named, String name, long value) {
        JsonNode theirs = named.get(name);
        if (theirs == null) {
            return;
        }
        if (!theirs.isIntegralNumber() || !theirs.canConvertToLong() || theirs.longValue() < 0) {
            throw new Refusal(name + " is no number of its kind");
        }
        mine.put(name, value);
    }

    private static JsonNode capabilities(VfioMessage proposal) {
        JsonNode all = parse(proposal);
        JsonNode named = all == null ? null : all.get(CAPABILITIES);
        if (named == null) {
            return JSON.createObjectNode();
        }
        if (!named.isObject()) {
            throw new Refusal("capabilities that are no JSON object");
        }
        return named;
    }

    private static @Nullable JsonNode parse(VfioMessage proposal) {
        int bytes = proposal.size() - VfioLayout.VERSION_JSON;
        if (bytes == 0) {
            return null;
        }
        if (bytes > MOST_JSON || proposal.u8(proposal.size() - 1) != 0) {
            throw new Refusal(String.format(Locale.ROOT, "%d bytes of version data without an end", bytes));
        }
        String text = new String(proposal.bytes(VfioLayout.VERSION_JSON, bytes - 1), StandardCharsets.UTF_8);
        try {
            JsonNode all = JSON.readTree(text);
            if (!all.isObject()) {
                throw new Refusal("version data that is no JSON object");
            }
            return all;
        } catch (JacksonException e) {
            throw new Refusal("version data that is no JSON");
        }
    }

    /** Makes {@code reply} the answer to {@code proposal}. */
    void write(VfioMessage reply, VfioMessage proposal) {
        byte[] json = answer.getBytes(StandardCharsets.UTF_8);
        reply.answer(proposal, VfioLayout.VERSION_JSON + json.length + 1)
                .u16(VfioLayout.MAJOR, VfioLayout.MAJOR_SPOKEN)
                .u16(VfioLayout.MINOR, minor)
                .bytes(VfioLayout.VERSION_JSON, json);
    }
}
