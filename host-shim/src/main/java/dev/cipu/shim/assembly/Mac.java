package dev.cipu.shim.assembly;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/** Addresses of stations as people write them: six hexadecimal pairs with colons between them. */
final class Mac {
    private static final Pattern FORM = Pattern.compile("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}");
    private static final int BYTES = 6;
    private static final int MULTICAST = 1;

    private Mac() {}

    /** The address that {@code key} has, made up of {@code owner} if it is not there. */
    static String of(KeyValues values, String key, String owner) {
        String mac = values.text(key);
        if (mac == null) {
            return madeUp(owner);
        }
        if (!FORM.matcher(mac).matches()) {
            throw values.wrong(key, "is '" + mac + "'", "write six pairs such as 52:54:00:12:34:56");
        }
        if ((Integer.parseInt(mac.substring(0, 2), 16) & MULTICAST) != 0) {
            throw values.wrong(key, "is a group address", "make the first pair even, as in 52:54:00:12:34:56");
        }
        return mac.toLowerCase(Locale.ROOT);
    }

    /** A locally administered address that the same device gets every time. */
    static String madeUp(String owner) {
        CRC32C crc = new CRC32C();
        crc.update(owner.getBytes(StandardCharsets.UTF_8));
        return text(0x02c1L << Integer.SIZE | crc.getValue());
    }

    /** The address so many behind another one. */
    static String later(String first, int steps) {
        return text(number(first) + steps);
    }

    /** The first byte in bits 40 to 47. */
    static long number(String mac) {
        return HexFormat.fromHexDigitsToLong(mac.replace(":", ""));
    }

    private static String text(long number) {
        StringBuilder text = new StringBuilder();
        for (int i = BYTES - 1; i >= 0; i--) {
            text.append(i == BYTES - 1 ? "" : ":").append(HexFormat.of().toHexDigits((byte) (number >> (8 * i))));
        }
        return text.toString();
    }
}
