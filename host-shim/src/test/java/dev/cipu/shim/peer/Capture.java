package dev.cipu.shim.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Frames in a capture file, in libpcap's classic format: what testpmd's pcap device reads and writes. */
final class Capture {
    private static final int MICROSECONDS = 0xa1b2c3d4;
    private static final int NANOSECONDS = 0xa1b23c4d;
    private static final int FILE_HEADER = 24;
    private static final int RECORD_HEADER = 16;
    private static final int ETHERNET = 1;
    private static final short EXPERIMENTAL = (short) 0x88b5;

    private Capture() {}

    static Path write(Path file, List<byte[]> frames) throws IOException {
        int bytes = FILE_HEADER
                + frames.stream()
                        .mapToInt(frame -> RECORD_HEADER + frame.length)
                        .sum();
        ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(MICROSECONDS)
                .putShort((short) 2)
                .putShort((short) 4)
                .putLong(0)
                .putInt(65535)
                .putInt(ETHERNET);
        for (byte[] frame : frames) {
            out.putLong(0).putInt(frame.length).putInt(frame.length).put(frame);
        }
        return Files.write(file, out.array());
    }

    /** The frames as strings of one character a byte, so that they compare by content. */
    static List<String> read(Path file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int magic = in.getInt();
        if (magic != MICROSECONDS && magic != NANOSECONDS) {
            throw new IOException(file + " is no capture file");
        }
        in.position(FILE_HEADER);
        List<byte[]> frames = new ArrayList<>();
        while (in.remaining() >= RECORD_HEADER) {
            byte[] frame = new byte[in.getInt(in.position() + 8)];
            in.position(in.position() + RECORD_HEADER).get(frame);
            frames.add(frame);
        }
        return text(frames);
    }

    static List<String> text(List<byte[]> frames) {
        return frames.stream()
                .map(frame -> new String(frame, StandardCharsets.ISO_8859_1))
                .toList();
    }

    /** Frames of random length (60 to 1,514 bytes) and content; no two are equal. Each queue has a receiving station of its own. */
    static List<byte[]> random(int count, int queues, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<byte[]> frames = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            byte[] frame = new byte[random.nextInt(60, 1515)];
            random.nextBytes(frame);
            ByteBuffer.wrap(frame)
                    .put(station(9, i % queues))
                    .put(station(8, 0))
                    .putShort(EXPERIMENTAL)
                    .putLong(seed)
                    .putInt(i);
            frames.add(frame);
        }
        return frames;
    }

    /** The answer from a queue's receiving station: a multi-queue device learns from it where that flow is expected. */
    static byte[] answer(int queue) {
        byte[] frame = new byte[60];
        ByteBuffer.wrap(frame).put(station(8, 0)).put(station(9, queue)).putShort(EXPERIMENTAL);
        return frame;
    }

    private static byte[] station(int side, int queue) {
        return new byte[] {0x52, 0x54, 0, (byte) side, 0, (byte) queue};
    }
}
