package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.device.pci.HeaderLayout;
import dev.cipu.device.pci.PciExpress;
import dev.cipu.device.virtio.CommonLayout;
import dev.cipu.shim.assembly.RunningCard.Held;
import dev.cipu.shim.posix.OpenDescriptors;
import dev.cipu.shim.posix.UnixListener;
import dev.cipu.shim.probe.LinkException;
import dev.cipu.shim.probe.Pause;
import dev.cipu.shim.vfio.client.SingleRootRegisters;
import dev.cipu.virtio.FeatureSet;
import dev.cipu.virtio.RingFeature;
import dev.cipu.virtio.blk.BlkRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Virtual functions of a running card: each a device behind a socket of its own. */
@Timeout(60)
class VirtualFunctionTest {
    @TempDir
    private Path folder;

    private static String text(byte[] mac) {
        return HexFormat.ofDelimiter(":").formatHex(mac);
    }

    @Test
    void eachHasASocketQueuesCountersAndAnAddressOfItsOwn() throws Exception {
        try (RunningCard running = new RunningCard(folder, "net id=n,vfs=3,vf-mac=52:54:00:00:10:00,queues=2");
                NetGuest physical = running.net("n")) {
            assertThat(physical.registers.offered().has(RingFeature.SR_IOV)).isTrue();
            assertThat(physical.root().total()).isEqualTo(3);
            Held before = Held.now();
            assertThat(running.socket("n.vf0")).doesNotExist();
            physical.enable(2);
            assertThat(running.card.present()).extracting(DeviceSpec::id).containsExactly("n", "n.vf0", "n.vf1");
            assertThat(running.owners()).contains("n.vf0", "n.vf0/session", "n.vf1", "n.vf1/session");
            assertThat(running.socket("n.vf2")).doesNotExist();
            try (NetGuest first = running.net("n.vf0");
                    NetGuest second = running.net("n.vf1")) {
                assertThat(text(first.mac)).isEqualTo("52:54:00:00:10:00");
                assertThat(text(second.mac)).isEqualTo("52:54:00:00:10:01");
                assertThat(first.registers.offered().has(RingFeature.SR_IOV)).isFalse();
                assertThatThrownBy(first::root).hasMessageContaining("no virtual ones");
                assertThat(first.config().get(HeaderLayout.INTERRUPT_PIN, 1))
                        .as("virtual functions have no pin")
                        .isZero();
                assertThat(physical.config().get(HeaderLayout.INTERRUPT_PIN, 1)).isEqualTo(1);
                assertThat(first.config().get(0, 4))
                        .as("ids, as its client needs them")
                        .isEqualTo(0x1041_1af4L);
                NetGuest.exchange(first, second, 100);
                assertThat(running.counted("n.vf0")).containsEntry("tx_packets", 100L);
                assertThat(running.counted("n.vf1")).containsEntry("rx_packets", 100L);
                assertThat(running.counted("n")).containsEntry("tx_packets", 0L);
                physical.root().on(false);
                assertThat(running.socket("n.vf0")).doesNotExist();
                assertThat(first.isEnded()).isTrue();
                assertThat(second.isEnded()).isTrue();
            }
            assertThat(running.owners())
                    .doesNotContain("n.vf0", "n.vf0/session", "n.vf1")
                    .contains("n", "n/session");
            assertThat(running.card.present()).extracting(DeviceSpec::id).containsExactly("n");
            assertThat(Held.settled(before)).isEqualTo(before);
        }
    }

    @Test
    void aDiskOutlivesTheVirtualFunctionThatShowsIt() throws Exception {
        String template = "file:" + folder + "/vf%d.img";
        try (RunningCard running = new RunningCard(
                        folder,
                        "blk id=m,store=null:1M,vfs=2,vf-store=mem:1M",
                        "blk id=f,store=null:1M,vfs=2,vf-size=1M,vf-store=" + template);
                BlkGuest memory = running.blk("m");
                BlkGuest files = running.blk("f")) {
            assertThat(folder.resolve("vf1.img")).as("made with the card").hasSize(1 << 20);
            for (int round = 0; round < 3; round++) {
                memory.enable(2);
                files.enable(2);
                for (String id : List.of("m.vf0", "m.vf1", "f.vf0", "f.vf1")) {
                    try (BlkGuest disk = running.blk(id)) {
                        if (round > 0) {
                            assertThat(disk.read(7)).as(id).isEqualTo(id.hashCode() + round - 1);
                        }
                        disk.write(7, id.hashCode() + round);
                        assertThat(running.counted(id + "/0")).containsEntry("writes", 1L);
                    }
                }
                memory.root().on(false);
                files.root().on(false);
                assertThat(OpenDescriptors.of(folder.resolve("vf0.img")))
                        .as("a file is open while somebody uses it")
                        .isZero();
            }
            running.card.detach("m");
            assertThat(running.card.spec().stores()).containsOnlyKeys("f", "f.vf0", "f.vf1");
            running.card.attach(words -> words.blk(KeyValues.parse(
                    "test",
                    "id=m,store=null:1M,vfs=2,vf-store=mem:1M,transport=vfio-user,socket=" + running.socket("m"))));
            try (BlkGuest again = running.blk("m")) {
                again.enable(1);
                try (BlkGuest disk = running.blk("m.vf0")) {
                    assertThat(disk.read(7)).as("memory goes with the device").isZero();
                }
            }
        }
    }

    /** What ends a physical function, or what its host has of it. */
    enum Ending {
        OFF {
            @Override
            void happen(RunningCard running, FunctionDriver physical) {
                physical.root().on(false);
            }
        },
        FUNCTION_RESET {
            @Override
            void happen(RunningCard running, FunctionDriver physical) {
                physical.functionReset();
            }
        },
        RESET {
            @Override
            void happen(RunningCard running, FunctionDriver physical) {
                physical.client.reset();
            }
        },
        CLIENT_GONE {
            @Override
            void happen(RunningCard running, FunctionDriver physical) {
                physical.client.close();
            }
        },
        DETACHED {
            @Override
            void happen(RunningCard running, FunctionDriver physical) {
                running.card.detach("b");
            }
        },
        CARD_ENDS {
            @Override
            void happen(RunningCard running, FunctionDriver physical) {
                running.card.close();
            }
        };

        abstract void happen(RunningCard running, FunctionDriver physical);
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void whateverEndsThePhysicalFunctionEndsItsVirtualOnes(Ending ending) {
        try (RunningCard running = new RunningCard(folder, "blk id=b,store=mem:1M,vfs=4,vf-store=mem:1M");
                BlkGuest physical = running.blk("b")) {
            Held before = Held.now();
            physical.enable(4);
            try (BlkGuest first = running.blk("b.vf0");
                    BlkGuest last = running.blk("b.vf3")) {
                first.write(1, 1);
                last.write(1, 1);
                // and in the middle of something
                first.give(BlkRequest.IN, 1);
                ending.happen(running, physical);
                assertThat(first.isEnded()).isTrue();
                assertThat(last.isEnded()).isTrue();
            }
            if (ending == Ending.OFF || ending == Ending.RESET || ending == Ending.FUNCTION_RESET) {
                assertThat(physical.root().isOn()).isFalse();
                assertThat(Held.settled(before)).isEqualTo(before);
            } else {
                assertThat(Pause.until(() -> noneIn(folder), FunctionDriver.LIMIT))
                        .isTrue();
                assertThat(Pause.until(() -> Held.now().isWithin(before), FunctionDriver.LIMIT))
                        .as("%s is no more than %s", Held.now(), before)
                        .isTrue();
            }
            assertThat(noneIn(folder)).isTrue();
        }
    }

    /** Whether there is no virtual function's socket. */
    private static boolean noneIn(Path folder) {
        try (var left = Files.list(folder)) {
            return left.noneMatch(file -> file.toString().contains(".vf"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aResetOfOneLeavesAllOthersAlone() {
        try (RunningCard running = new RunningCard(folder, "net id=n,vfs=3");
                NetGuest physical = running.net("n")) {
            physical.enable(3);
            try (NetGuest first = running.net("n.vf0");
                    NetGuest second = running.net("n.vf1");
                    NetGuest third = running.net("n.vf2")) {
                for (int round = 0; round < 20; round++) {
                    third.functionReset();
                    assertThat(third.status()).isZero();
                    NetGuest.exchange(first, second, 10);
                    assertThat(physical.status())
                            .as("the physical one is at work")
                            .isEqualTo(0xf);
                }
            }
        }
    }

    @Test
    void functionsThatCannotBeHadStayOffAndLeaveNothing() throws Exception {
        try (RunningCard running = new RunningCard(folder, "net id=n,vfs=3");
                NetGuest physical = running.net("n")) {
            Held before = Held.now();
            List<String> owners = List.copyOf(running.owners());
            try (UnixListener other = UnixListener.listen(running.socket("n.vf1"))) {
                physical.enable(3);
                assertThat(physical.root().isOn()).isFalse();
                assertThat(running.socket("n.vf0")).doesNotExist();
                assertThat(running.owners()).containsExactlyInAnyOrderElementsOf(owners);
                assertThat(other.fd().number()).isPositive();
            }
            assertThat(Held.settled(before)).isEqualTo(before);
            Files.deleteIfExists(running.socket("n.vf1"));
            physical.root().on(true);
            assertThat(physical.root().isOn()).isTrue();
            assertThat(running.socket("n.vf2")).exists();
        }
    }

    @Test
    void whatMakesNoSenseMakesNoFunctions() {
        try (RunningCard running = new RunningCard(folder, "net id=n,vfs=2", "net id=o");
                NetGuest hostile = running.net("n");
                NetGuest neighbour = running.net("o")) {
            SingleRootRegisters root = hostile.root();
            for (int number : new int[] {3, 256, 257, 0xffff, 0}) {
                root.number(number);
                assertThat(root.number()).isZero();
                root.on(true);
                assertThat(running.card.present()).hasSize(2);
                root.on(false);
            }
            root.number(2);
            root.on(true);
            root.number(1);
            assertThat(root.number()).as("not while they are on").isEqualTo(2);
            for (int bar = 0; bar < 6; bar++) {
                root.bar(bar, 0xffff_ffffL);
                root.bar(bar, 0xdead_beefL);
            }
            try (NetGuest first = running.net("n.vf0");
                    NetGuest second = running.net("n.vf1")) {
                NetGuest.exchange(first, second, 10);
                NetGuest.exchange(hostile, neighbour, 10);
            }
            assertThat(running.counted("n/session")).containsEntry("failed_sessions", 0L);
        }
    }

    @Test
    void aVirtualFunctionIsNoneOfThoseThatAreDetached() {
        try (RunningCard running = new RunningCard(folder, "net id=n,vfs=1");
                NetGuest physical = running.net("n")) {
            assertThatThrownBy(() -> running.card.detach("n.vf0"))
                    .isInstanceOf(CardSpecException.class)
                    .hasMessageContaining("has no device 'n.vf0'");
            physical.enable(1);
            assertThatThrownBy(() -> running.card.detach("n.vf0"))
                    .isInstanceOf(CardSpecException.class)
                    .hasMessageContaining("n.vf0: a virtual function, which its host switches off");
            try (NetGuest one = running.net("n.vf0")) {
                assertThat(one.linkUp()).isTrue();
                running.card.link("n.vf0", false);
                assertThat(one.changed()).isTrue();
                assertThat(one.linkUp()).isFalse();
                assertThat(physical.linkUp()).isTrue();
            }
        }
    }

    @Test
    void theCardIsMissingWhatItsVirtualDisksNeedBeforeItStarts() {
        assertThatThrownBy(() ->
                        new RunningCard(folder, "blk id=b,store=null:1M,vfs=2,vf-store=file:" + folder + "/none%d.img"))
                .isInstanceOf(ResourceException.class)
                .hasMessageContaining("none0.img");
    }

    @Test
    void theLinkIsThatOfTheCardsGeneration() {
        try (RunningCard running = new RunningCard(
                        folder, new CardSpecBuilder().card("--card", "moc-1.5"), "net id=n,vfs=1,queues=2");
                NetGuest physical = running.net("n")) {
            physical.enable(1);
            try (NetGuest virtual = running.net("n.vf0")) {
                for (FunctionDriver each : List.of(physical, virtual)) {
                    long link = each.config().get(each.config().find(PciExpress.ID) + 0x0c, 2);
                    assertThat(link & 0x3ff).as("8 lanes of 8 GT/s").isEqualTo(0x83);
                    assertThat(each.registers.common(CommonLayout.NUM_QUEUES))
                            .isGreaterThanOrEqualTo(4)
                            .isLessThanOrEqualTo(5);
                }
            }
        }
        try (RunningCard running = new RunningCard(folder, "net id=n");
                NetGuest physical = running.net("n")) {
            long link = physical.config().get(physical.config().find(PciExpress.ID) + 0x0c, 2);
            assertThat(link & 0x3ff).as("16 lanes of 16 GT/s").isEqualTo(0x104);
            assertThatThrownBy(physical::root).isInstanceOf(LinkException.class);
            assertThat(physical.registers.offered().and(FeatureSet.of(RingFeature.SR_IOV)))
                    .isEqualTo(FeatureSet.NONE);
        }
    }
}
