package dev.cipu.shim.vfio.server;

import dev.cipu.device.pci.RegionId;
import dev.cipu.shim.posix.PosixException;
import dev.cipu.shim.posix.Readiness;
import dev.cipu.shim.posix.UnixSocket;
import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.VfioMessage;
import dev.cipu.shim.wire.MessageChannel;
import dev.cipu.shim.wire.ProtocolException;
import java.time.Duration;
import java.util.Arrays;

/**
 * What one client finds where its function was. As on any bus without a device, configuration space reads all ones and writes go
 * nowhere; what the client takes back is taken back. BARs read as zeroes: Linux resets a device that it lets go of, present or not, and
 * waits for ever until its status reads zero. One thread runs it until the client leaves; until it is closed, another one may {@link
 * #stop} it.
 */
final class EmptySlot implements AutoCloseable {
    private static final byte ALL_ONES = -1;

    private final MessageChannel channel;

    /** Takes the socket, which is between two messages. */
    EmptySlot(UnixSocket socket, Duration patience) {
        channel = new MessageChannel(socket, patience);
    }

    void run() {
        try (VfioMessage message = new VfioMessage();
                VfioMessage answer = new VfioMessage()) {
            while (next(message)) {
                answer(message, answer);
                message.descriptors().close();
                if (message.wantsReply()) {
                    channel.send(answer);
                }
            }
        } catch (ProtocolException | PosixException e) {
            // a client that breaks the protocol here has nothing left to lose but its connection
        }
    }

    private boolean next(VfioMessage message) {
        Readiness.await(Long.MAX_VALUE, channel.socket().fd());
        return channel.receive(message);
    }

    private static void answer(VfioMessage message, VfioMessage answer) {
        try {
            CommandRules.check(message);
            switch (message.command()) {
                case Command.REGION_READ -> read(message, answer);
                case Command.REGION_WRITE ->
                    answer.answer(message, VfioLayout.ACCESS_DATA).bytes(0, message.bytes(0, VfioLayout.ACCESS_DATA));
                case Command.REGION_WRITE_MULTI ->
                    answer.answer(message, Long.BYTES).u64(0, message.u64(0));
                case Command.DMA_UNMAP ->
                    answer.answer(message, VfioLayout.UNMAP_BYTES).bytes(0, message.bytes(0, VfioLayout.UNMAP_BYTES));
                case Command.DMA_MAP, Command.DEVICE_SET_IRQS, Command.DEVICE_RESET -> answer.answer(message, 0);
                default -> throw new Refusal(ErrorNumber.NO_DEVICE, "command " + message.command() + " to no device");
            }
        } catch (Refusal e) {
            answer.refuse(message, e.error());
        }
    }

    private static void read(VfioMessage message, VfioMessage answer) {
        long count = Integer.toUnsignedLong(message.u32(VfioLayout.ACCESS_COUNT));
        if (count > VfioLayout.MAX_DATA) {
            throw new Refusal("a read of " + count + " bytes");
        }
        byte[] data = new byte[(int) count];
        if (RegionCommands.id(message.u32(VfioLayout.ACCESS_REGION)) == RegionId.CONFIG) {
            Arrays.fill(data, ALL_ONES);
        }
        answer.answer(message, VfioLayout.ACCESS_DATA + data.length)
                .bytes(0, message.bytes(0, VfioLayout.ACCESS_DATA))
                .bytes(VfioLayout.ACCESS_DATA, data);
    }

    /** Makes {@link #run} return soon. */
    void stop() {
        channel.socket().endInput();
    }

    /** Hangs up. Nobody may be inside {@link #stop}: the kernel gives the descriptor's number out again at once. */
    @Override
    public void close() {
        channel.close();
    }
}
