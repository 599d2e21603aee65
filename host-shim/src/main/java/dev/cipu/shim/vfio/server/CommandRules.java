package dev.cipu.shim.vfio.server;

import dev.cipu.shim.vfio.Command;
import dev.cipu.shim.vfio.ErrorNumber;
import dev.cipu.shim.vfio.VfioLayout;
import dev.cipu.shim.vfio.VfioMessage;

/** How many payload bytes and descriptors each command has at least and at most, checked before anything in it is used. */
final class CommandRules {
    private CommandRules() {}

    static void check(VfioMessage message) {
        int needed = payloadBytes(message.command());
        if (message.size() < needed) {
            throw new Refusal("command " + message.command() + " of " + message.size() + " bytes needs " + needed);
        }
        int came = message.descriptors().count();
        if (came > descriptors(message.command())) {
            throw new Refusal("command " + message.command() + " with " + came + " descriptors");
        }
    }

    private static int payloadBytes(int command) {
        return switch (command) {
            case Command.VERSION -> VfioLayout.VERSION_JSON;
            case Command.DMA_MAP -> VfioLayout.MAP_BYTES;
            case Command.DMA_UNMAP -> VfioLayout.UNMAP_BYTES;
            case Command.DEVICE_GET_INFO -> VfioLayout.DEVICE_BYTES;
            case Command.DEVICE_GET_REGION_INFO -> VfioLayout.REGION_BYTES;
            case Command.DEVICE_GET_REGION_IO_FDS -> VfioLayout.EVENTS_FIRST;
            case Command.DEVICE_GET_IRQ_INFO -> VfioLayout.IRQ_BYTES;
            case Command.DEVICE_SET_IRQS -> VfioLayout.SET_DATA;
            case Command.REGION_READ, Command.REGION_WRITE -> VfioLayout.ACCESS_DATA;
            case Command.DEVICE_RESET -> 0;
            case Command.REGION_WRITE_MULTI -> VfioLayout.WRITES_FIRST;
            case Command.DEVICE_FEATURE -> VfioLayout.FEATURE_DATA;
            default -> throw new Refusal(ErrorNumber.NOT_SUPPORTED, "command " + command);
        };
    }

    private static int descriptors(int command) {
        return switch (command) {
            case Command.DMA_MAP -> 1;
            case Command.DEVICE_SET_IRQS -> VfioLayout.MAX_DESCRIPTORS;
            default -> 0;
        };
    }
}
