package dev.cipu.device.pci;

import java.util.HexFormat;

/** Configuration space as text that {@code lspci -F FILE} reads: a line that begins with the address, then 16 bytes a line. */
public final class LspciDump {
    private static final int LINE = 16;
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

    private LspciDump() {}

    /**
     * @param address such as {@code 00:03.0}
     */
    public static String of(String address, ConfigSpace config) {
        byte[] bytes = config.dump();
        StringBuilder text = new StringBuilder(address).append(" PCI function\n");
        for (int at = 0; at < bytes.length; at += LINE) {
            text.append(HexFormat.of().withLowerCase().toHexDigits(at, at < 0x100 ? 2 : 3))
                    .append(": ")
                    .append(HEX.formatHex(bytes, at, at + LINE))
                    .append('\n');
        }
        return text.append('\n').toString();
    }
}
