package dev.cipu.device.pci;

import java.util.HexFormat;
import java.util.Locale;

/** A configuration space as text, in the form that {@code lspci -n -xxxx} writes and {@code lspci -F} reads. */
public final class ConfigDump {
    private static final int LINE = 16;
    private static final HexFormat BYTES = HexFormat.ofDelimiter(" ");

    private ConfigDump() {}

    /**
     * The text of one function, several of which may follow one another.
     *
     * @param slot such as {@code 00:04.0}
     * @param image as {@link ConfigSpace#image} has it
     */
    public static String of(String slot, byte[] image) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%s %02x%02x: %s:%s (rev %02x)\n",
                slot,
                image[HeaderLayout.CLASS + 2],
                image[HeaderLayout.CLASS + 1],
                id(image, HeaderLayout.VENDOR),
                id(image, HeaderLayout.DEVICE),
                image[HeaderLayout.REVISION]));
        for (int at = 0; at < image.length; at += LINE) {
            text.append(String.format(Locale.ROOT, "%02x: ", at))
                    .append(BYTES.formatHex(image, at, at + LINE))
                    .append('\n');
        }
        return text.append('\n').toString();
    }

    private static String id(byte[] image, int at) {
        return String.format(Locale.ROOT, "%02x%02x", image[at + 1], image[at]);
    }
}
