package dev.cipu.shim.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.shim.peer.Machine.Board;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole machines whose only disk is one of the card: firmware, GRUB and Linux, each with a virtio driver of its own, find it on
 * the PCI bus. The card gives them power and images as a cloud does.
 */
@Timeout(900)
class BareMetalPeerIT {
    private static final String IMAGE = "cipu-image-1";

    @TempDir
    Path folder;

    @BeforeAll
    static void peers() {
        Peers.require("qemu11", "metal");
    }

    private Path socket(String id) {
        return folder.resolve(id + ".sock");
    }

    private String disk(String transport, Path image) {
        return "socket=" + socket("disk") + transport + ",store=file:" + image + ",serial=cipu0";
    }

    private CardProcess card(Path image) {
        return CardProcess.serve(
                folder, "--idle", "sleep", "--blk", disk(",transport=vfio-user,doorbells=trapped", image));
    }

    private Machine machine(Board board) {
        return Machine.start(folder, board, Machine.functions(socket("disk")));
    }

    @ParameterizedTest(name = "{0}, doorbells {4}")
    @CsvSource({
        "PC_BIOS, x86_64, bios, i386-pc, trapped",
        "PC_BIOS, x86_64, bios, i386-pc, mapped",
        "PC_UEFI, x86_64, efi, x86_64-efi, mapped",
        "ARM64_UEFI, aarch64, efi, arm64-efi, mapped"
    })
    void aMachineBootsFromTheDiskOnItsBus(
            Board board, String processor, String firmware, String loader, String doorbells) {
        String transport = ",transport=vfio-user,doorbells=" + doorbells;
        try (CardProcess card =
                        CardProcess.serve(folder, "--idle", "backoff", "--blk", disk(transport, board.disk(folder)));
                Machine machine = machine(board)) {
            assertThat(machine.booted())
                    .contains("booted machine=" + processor + " firmware=" + firmware + " loader=" + loader
                            + ":hd0,msdos1 image=" + IMAGE + " boots=1")
                    .containsPattern("root=/dev/vda2 pci=0000:00:0[0-9a-f]\\.0 vendor=0x1af4 device=0x1042"
                            + " driver=virtio-pci serial=cipu0");
            machine.shutDown();
            card.end();
        }
    }

    @Test
    void whatAMachineWroteIsThereAfterItsPowerWasCut() throws IOException {
        Path image = Board.PC_BIOS.disk(folder);
        try (CardProcess card = card(image)) {
            try (Machine machine = machine(Board.PC_BIOS)) {
                assertThat(machine.booted()).contains("boots=1");
                assertThat(machine.ask("echo kept >/note && sync && echo written"))
                        .contains("written");
                machine.cut();
            }
            try (Machine machine = machine(Board.PC_BIOS)) {
                assertThat(machine.booted()).contains("boots=2");
                assertThat(machine.ask("cat /note")).contains("kept");
                int mark = machine.mark();
                machine.run("sync; reboot -f");
                assertThat(machine.booted(mark))
                        .as("after a reset of all of the bus")
                        .contains("boots=3");
                machine.shutDown();
            }
            card.end();
        }
    }

    @Test
    void aMachineBootsTheImageThatItWasGivenWhileItWasOff() throws IOException {
        Path disk = Board.PC_BIOS.disk(folder);
        Path golden = another(disk, folder.resolve("golden.img"));
        try (CardProcess card = card(disk)) {
            try (Machine machine = machine(Board.PC_BIOS)) {
                assertThat(machine.booted()).contains("image=" + IMAGE + " boots=1");
                assertThat(machine.ask("cat /sys/block/vda/size")).contains(sectors(disk));
                machine.shutDown();
            }
            // into the file that the card has open
            try (var out = Files.newOutputStream(disk)) {
                Files.copy(golden, out);
            }
            try (Machine machine = machine(Board.PC_BIOS)) {
                assertThat(machine.booted())
                        .as("nothing is left of the one before")
                        .contains("image=cipu-image-2 boots=1");
                assertThat(machine.ask("cat /sys/block/vda/size")).contains(sectors(golden));
                machine.shutDown();
            }
            card.end();
        }
    }

    /** The Arm processors of a cloud: network and disk of the same card that an amd64 guest is at. */
    @ParameterizedTest
    @ValueSource(strings = {"vfio-user", "vhost-user"})
    void anArmMachineHasDiskAndNetwork(String transport) {
        Peers.require("guest");
        String words = ",transport=vfio-user,doorbells=trapped";
        String armWords = transport.equals("vfio-user") ? words : "";
        try (CardProcess card = CardProcess.serve(
                        folder,
                        "--idle",
                        "sleep",
                        "--net",
                        "socket=" + socket("net0") + words,
                        "--net",
                        "socket=" + socket("net1") + armWords,
                        "--blk",
                        disk(armWords, Board.ARM64_UEFI.disk(folder)));
                Guest server = Guest.running(folder, "function.sh")
                        .newer()
                        .function(socket("net0"))
                        .variable("ADDRESS", "192.168.77.1")
                        .variable("ROLE", "server")
                        .start()) {
            server.await("serving", Machine.LIMIT);
            String[] devices = armWords.isEmpty() ? frontEnds() : Machine.functions(socket("disk"), socket("net1"));
            try (Machine machine = Machine.start(folder, Board.ARM64_UEFI, devices)) {
                assertThat(machine.booted())
                        .contains("machine=aarch64")
                        .contains("root=/dev/vda2")
                        .contains("serial=cipu0");
                machine.run("ip addr add 192.168.77.2/24 dev eth0; ip link set eth0 up");
                assertThat(machine.ask("ping -q -c 20 -i 0.1 -w 60 192.168.77.1 | grep loss"))
                        .contains(" 0% packet loss");
                assertThat(
                                machine.ask(
                                        "dd if=/dev/urandom of=/file bs=64k count=64 2>/dev/null; sync; a=$(md5sum </file);"
                                                + " echo 3 >/proc/sys/vm/drop_caches; [ \"$a\" = \"$(md5sum </file)\" ] && echo same"))
                        .contains("same");
                machine.run("nc 192.168.77.1 7 </dev/null");
                server.finish(Machine.LIMIT);
                machine.shutDown();
            }
            card.end();
        }
    }

    private String[] frontEnds() {
        List<String> options = new ArrayList<>();
        options.addAll(List.of("-chardev", "socket,id=d,path=" + socket("disk")));
        options.addAll(List.of("-device", "vhost-user-blk-pci,chardev=d"));
        options.addAll(List.of("-chardev", "socket,id=c,path=" + socket("net1")));
        options.addAll(List.of("-netdev", "vhost-user,id=n,chardev=c"));
        options.addAll(List.of("-device", "virtio-net-pci,netdev=n,romfile=,mac=52:54:00:77:00:02"));
        return options.toArray(String[]::new);
    }

    private static String sectors(Path image) throws IOException {
        return Long.toString(Files.size(image) / 512);
    }

    /** The same system under another name, on a disk that is larger by a MiB. */
    private static Path another(Path image, Path to) throws IOException {
        byte[] bytes = Files.readAllBytes(image);
        String all = new String(bytes, StandardCharsets.ISO_8859_1);
        int at = all.indexOf(IMAGE + "\n");
        assertThat(at).isPositive();
        bytes[at + IMAGE.length() - 1] = '2';
        Files.write(to, bytes);
        try (RandomAccessFile file = new RandomAccessFile(to.toFile(), "rw")) {
            file.setLength(bytes.length + (1L << 20));
        }
        return to;
    }
}
