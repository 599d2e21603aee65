package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * SeaBIOS boots from a disk of the card: a virtio driver of its own, which polls and has one request in flight. The boot sector
 * asks the firmware for the sectors behind it, prints what they hold on the serial port, asks it to write them elsewhere, and ends
 * QEMU.
 */
@Timeout(60)
class FirmwarePeerIT {
    private static final int SECTOR = 512;
    private static final int LOADED_AT = 0x7c00;
    private static final int BUFFER = 0x8000;
    private static final int SECTORS = 8;
    private static final int COPY = 100;
    private static final int SERIAL_PORT = 0x3f8;
    private static final int EXIT_PORT = 0xf4;

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("qemu", "seabios", "qemu-utils");
    }

    @Test
    void theFirmwareReadsAndWritesTheDisk() throws IOException {
        Path image = Backend.image(folder, "boot.img", 8L << 20);
        byte[] message = ByteBuffer.allocate(SECTORS * SECTOR)
                .put("cipu booted\r\n\0".getBytes(StandardCharsets.US_ASCII))
                .put(SECTORS * SECTOR - 1, (byte) 0x5a)
                .array();
        try (RandomAccessFile disk = new RandomAccessFile(image.toFile(), "rw")) {
            disk.write(bootSector());
            disk.write(message);
        }
        try (Backend card = Backend.disks(folder, image)) {
            List<String> command = Qemu.command(false, 1, folder.resolve("qmp"));
            command.addAll(List.of(
                    "-chardev",
                    "socket,id=c0,path=" + card.socket(0),
                    "-device",
                    "vhost-user-blk-pci,chardev=c0,num-queues=1,bootindex=1",
                    "-device",
                    "isa-debug-exit,iobase=" + EXIT_PORT + ",iosize=4"));
            try (Child qemu = Child.start("the firmware", command)) {
                int status = qemu.exit(Duration.ofSeconds(40));
                assertThat(qemu.lines()).anyMatch(line -> line.contains("cipu booted"));
                assertThat(status)
                        .as("1 says that the firmware reported no error")
                        .isEqualTo(1);
            }
        }
        byte[] copy = new byte[SECTORS * SECTOR];
        try (RandomAccessFile disk = new RandomAccessFile(image.toFile(), "r")) {
            disk.seek((long) COPY * SECTOR);
            disk.readFully(copy);
        }
        assertThat(copy).isEqualTo(message);
    }

    /** Sixteen-bit code, loaded by the firmware at 0:7c00 with the boot drive in DL. The addresses of its jumps are relative. */
    private static byte[] bootSector() {
        int readPacket = LOADED_AT + 0x80;
        int writePacket = LOADED_AT + 0x90;
        ByteBuffer code = ByteBuffer.allocate(SECTOR).order(ByteOrder.LITTLE_ENDIAN);
        code.put(new byte[] {(byte) 0xfa, 0x31, (byte) 0xc0}); // cli; xor ax, ax
        code.put(new byte[] {(byte) 0x8e, (byte) 0xd8, (byte) 0x8e, (byte) 0xd0}); // mov ds, ax; mov ss, ax
        code.put((byte) 0xbc).putShort((short) LOADED_AT); // mov sp, 7c00
        code.put((byte) 0xfb); // sti
        code.put((byte) 0xbe).putShort((short) readPacket); // mov si, the packet
        code.put(new byte[] {(byte) 0xb4, 0x42, (byte) 0xcd, 0x13}); // mov ah, 42: extended read; int 13
        int readFailed = jump(code, 0x72); // jc failed
        code.put((byte) 0xbe).putShort((short) BUFFER); // mov si, the buffer
        int next = code.position();
        code.put(new byte[] {(byte) 0xac, (byte) 0x84, (byte) 0xc0}); // lodsb; test al, al
        int printed = jump(code, 0x74); // jz printed
        code.put(new byte[] {0x52, (byte) 0xba}).putShort((short) SERIAL_PORT); // push dx; mov dx, the port
        code.put(new byte[] {(byte) 0xee, 0x5a}); // out dx, al; pop dx
        land(code, jump(code, 0xeb), next); // jmp next
        land(code, printed, code.position());
        code.put((byte) 0xbe).putShort((short) writePacket); // mov si, the packet
        code.put(new byte[] {(byte) 0xb8}).putShort((short) 0x4300); // mov ax, 4300: extended write, no verify
        code.put(new byte[] {(byte) 0xcd, 0x13}); // int 13
        int writeFailed = jump(code, 0x72); // jc failed
        code.put(new byte[] {0x31, (byte) 0xc0}); // xor ax, ax: QEMU ends with status 1
        int exit = jump(code, 0xeb); // jmp exit
        land(code, readFailed, code.position());
        land(code, writeFailed, code.position());
        code.put(new byte[] {(byte) 0xb0, 1}); // failed: mov al, 1: status 3
        land(code, exit, code.position());
        code.put(new byte[] {(byte) 0xe6, (byte) EXIT_PORT, (byte) 0xf4}); // exit: out the port, al; hlt
        packet(code, readPacket - LOADED_AT, 1);
        packet(code, writePacket - LOADED_AT, COPY);
        code.putShort(SECTOR - 2, (short) 0xaa55);
        return code.array();
    }

    /** The firmware's disk address packet: its size, how many sectors, the buffer as offset and segment, the first sector. */
    private static void packet(ByteBuffer code, int at, long sector) {
        code.put(at, (byte) 16).putShort(at + 2, (short) SECTORS).putShort(at + 4, (short) BUFFER);
        code.putLong(at + 8, sector);
    }

    /** Puts a short jump and returns where its distance stands. */
    private static int jump(ByteBuffer code, int opcode) {
        code.put((byte) opcode).put((byte) 0);
        return code.position() - 1;
    }

    private static void land(ByteBuffer code, int jump, int target) {
        code.put(jump, (byte) (target - jump - 1));
    }
}
