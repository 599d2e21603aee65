package dev.cipu.shim.vfio.server;

import static dev.cipu.shim.vfio.VfioLayout.SET_BOOL;
import static dev.cipu.shim.vfio.VfioLayout.SET_EVENTFD;
import static dev.cipu.shim.vfio.VfioLayout.SET_MASK;
import static dev.cipu.shim.vfio.VfioLayout.SET_NONE;
import static dev.cipu.shim.vfio.VfioLayout.SET_TRIGGER;
import static dev.cipu.shim.vfio.VfioLayout.SET_UNMASK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cipu.device.pci.InterruptKind;
import dev.cipu.shim.posix.EventFd;
import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.ErrorNumber;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class IrqTest {
    private static final int INTX = 0;
    private static final int MSI = 1;
    private static final int MSIX = 2;

    private final ServerUnderTest server = ServerUnderTest.negotiated();
    private final EventFd one = EventFd.create();
    private final EventFd two = EventFd.create();

    @AfterEach
    void close() {
        server.close();
        one.close();
        two.close();
    }

    private void set(int flags, int index, int start, int count, dev.cipu.shim.posix.Fd... events) {
        assertThat(server.client.setIrqs(flags, index, start, count, events)).isZero();
    }

    private void raise(InterruptKind kind, int vector) {
        server.pci.interrupt(kind, vector);
    }

    @Test
    void kindsAreDescribed() {
        int[][] expected = {{INTX, 7, 1}, {MSI, 9, 2}, {MSIX, 3, 4}, {3, 0, 0}, {4, 0, 0}};
        for (int[] each : expected) {
            RawClient.Reply reply = server.client.ask(
                    Command.DEVICE_GET_IRQ_INFO,
                    RawClient.payload(16).putInt(16).putInt(0).putInt(each[0]).array());
            assertThat(reply.u32(0)).isEqualTo(16);
            assertThat(reply.u32(4)).as("flags of %d", each[0]).isEqualTo(each[1]);
            assertThat(reply.u32(8)).isEqualTo(each[0]);
            assertThat(reply.u32(12)).isEqualTo(each[2]);
        }
        byte[] none = RawClient.payload(16).putInt(16).putInt(0).putInt(5).array();
        assertThat(server.client.error(Command.DEVICE_GET_IRQ_INFO, none)).isEqualTo(ErrorNumber.INVALID);
    }

    @Test
    void anInterruptSignalsItsEventAndNoOther() {
        set(SET_EVENTFD | SET_TRIGGER, MSIX, 1, 2, one.fd(), two.fd());
        raise(InterruptKind.MSIX, 2);
        assertThat(two.drain()).isEqualTo(1);
        assertThat(one.drain()).isZero();
    }

    @Test
    void anInterruptWithoutAnEventIsPendingUntilThereIsOne() {
        raise(InterruptKind.MSIX, 0);
        assertThat(server.pci.isPending(InterruptKind.MSIX, 0)).isTrue();
        set(SET_EVENTFD | SET_TRIGGER, MSIX, 0, 1, one.fd());
        assertThat(one.drain()).isEqualTo(1);
        set(SET_EVENTFD | SET_TRIGGER, MSIX, 0, 1);
        raise(InterruptKind.MSIX, 0);
        assertThat(one.drain()).isZero();
        set(SET_EVENTFD | SET_TRIGGER, MSIX, 0, 1, two.fd());
        assertThat(two.drain()).isEqualTo(1);
        assertThat(one.drain()).isZero();
    }

    @Test
    void aMaskedInterruptIsPendingUntilTheMaskIsGone() {
        set(SET_EVENTFD | SET_TRIGGER, MSIX, 0, 2, one.fd(), two.fd());
        set(SET_NONE | SET_MASK, MSIX, 0, 1);
        raise(InterruptKind.MSIX, 0);
        raise(InterruptKind.MSIX, 1);
        assertThat(one.drain()).isZero();
        assertThat(two.drain()).isEqualTo(1);
        set(SET_NONE | SET_UNMASK, MSIX, 0, 1);
        assertThat(one.drain()).isEqualTo(1);
    }

    @Test
    void aMaskOutlastsANewEventAndAReset() {
        set(SET_EVENTFD | SET_TRIGGER, MSIX, 0, 1, one.fd());
        set(SET_NONE | SET_MASK, MSIX, 0, 1);
        set(SET_EVENTFD | SET_TRIGGER, MSIX, 0, 1, two.fd());
        assertThat(server.client.error(Command.DEVICE_RESET, new byte[0])).isZero();
        raise(InterruptKind.MSIX, 0);
        assertThat(two.drain()).isZero();
        set(SET_NONE | SET_UNMASK, MSIX, 0, 1);
        assertThat(two.drain()).isEqualTo(1);
    }

    @Test
    void booleansChooseAmongARange() {
        set(SET_EVENTFD | SET_TRIGGER, MSIX, 0, 2, one.fd(), two.fd());
        byte[] second = RawClient.irqs(SET_BOOL | SET_TRIGGER, MSIX, 0, 2, (byte) 0, (byte) 1);
        assertThat(server.client.error(Command.DEVICE_SET_IRQS, second)).isZero();
        assertThat(one.drain()).isZero();
        assertThat(two.drain()).isEqualTo(1);
        byte[] maskFirst = RawClient.irqs(SET_BOOL | SET_MASK, MSIX, 0, 2, (byte) 1, (byte) 0);
        assertThat(server.client.error(Command.DEVICE_SET_IRQS, maskFirst)).isZero();
        raise(InterruptKind.MSIX, 0);
        raise(InterruptKind.MSIX, 1);
        assertThat(one.drain()).isZero();
        assertThat(two.drain()).isEqualTo(1);
    }

    @Test
    void aClientTriggersItsOwnEvents() {
        set(SET_EVENTFD | SET_TRIGGER, MSI, 0, 2, one.fd(), two.fd());
        set(SET_NONE | SET_TRIGGER, MSI, 0, 2);
        assertThat(one.drain()).isEqualTo(1);
        assertThat(two.drain()).isEqualTo(1);
    }

    @Test
    void aCountOfZeroDisablesAKind() {
        set(SET_EVENTFD | SET_TRIGGER, MSIX, 0, 2, one.fd(), two.fd());
        set(SET_NONE | SET_TRIGGER, MSIX, 0, 0);
        set(SET_NONE | SET_TRIGGER, 4, 0, 0);
        raise(InterruptKind.MSIX, 0);
        assertThat(one.drain()).isZero();
        assertThat(server.pci.isPending(InterruptKind.MSIX, 0)).isTrue();
    }

    @Test
    void thePinMasksItselfUntilTheClientHasLooked() {
        set(SET_EVENTFD | SET_TRIGGER, INTX, 0, 1, one.fd());
        raise(InterruptKind.INTX, 0);
        raise(InterruptKind.INTX, 0);
        assertThat(one.drain()).isEqualTo(1);
        set(SET_NONE | SET_UNMASK, INTX, 0, 1);
        raise(InterruptKind.INTX, 0);
        assertThat(one.drain()).isEqualTo(1);
    }

    @Test
    void anEventTakesThePinsMaskAwayInPlaceOfACommand() {
        set(SET_EVENTFD | SET_TRIGGER, INTX, 0, 1, one.fd());
        set(SET_EVENTFD | SET_UNMASK, INTX, 0, 1, two.fd());
        raise(InterruptKind.INTX, 0);
        assertThat(one.drain()).isEqualTo(1);
        two.signal();
        assertThat(RawClient.eventually(() -> {
                    raise(InterruptKind.INTX, 0);
                    return one.drain() == 1;
                }))
                .isTrue();
        set(SET_EVENTFD | SET_UNMASK, INTX, 0, 1);
        two.drain();
        two.signal();
        server.client.sync();
        raise(InterruptKind.INTX, 0);
        assertThat(one.drain()).as("the event means nothing any more").isZero();
        assertThat(server.client.setIrqs(SET_EVENTFD | SET_MASK, INTX, 0, 1, two.fd()))
                .isEqualTo(ErrorNumber.NOT_SUPPORTED);
    }
}
