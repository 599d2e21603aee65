package dev.cipu.shim.vfio;

import dev.cipu.shim.wire.ProtocolException;
import dev.cipu.shim.wire.WireMessage;
import java.lang.foreign.ValueLayout;

/** A message of vfio-user, see {@link VfioLayout}. */
public final class VfioMessage extends WireMessage<VfioMessage> {
    /** Bytes that are there from the beginning; few messages need more. */
    private static final int ROOM = 4096;

    /** The longest payload: a transfer with what comes before its data. */
    public static final int MAX_PAYLOAD = VfioLayout.ACCESS_DATA + VfioLayout.MAX_DATA;

    public VfioMessage() {
        super(VfioLayout.HEADER_BYTES, ROOM, VfioLayout.MAX_DESCRIPTORS);
    }

    /** Starts a command, its payload {@code size} zero bytes. */
    public VfioMessage ask(int id, int command, int size) {
        return head(id, command, size, VfioLayout.TYPE_COMMAND, 0);
    }

    /** Says in the command that was started that nobody waits for its reply. */
    public VfioMessage withoutReply() {
        header().set(ValueLayout.JAVA_INT, VfioLayout.FLAGS, VfioLayout.TYPE_COMMAND | VfioLayout.NO_REPLY);
        return this;
    }

    /** Starts the reply to a command, its payload {@code size} zero bytes. */
    public VfioMessage answer(VfioMessage command, int size) {
        return head(command.id(), command.command(), size, VfioLayout.TYPE_REPLY, 0);
    }

    /** Makes this the reply that says why a command failed. */
    public VfioMessage refuse(VfioMessage command, int error) {
        return head(command.id(), command.command(), 0, VfioLayout.TYPE_REPLY | VfioLayout.FAILED, error);
    }

    private VfioMessage head(int id, int command, int size, int flags, int error) {
        if (size < 0 || size > MAX_PAYLOAD) {
            throw new IllegalArgumentException("payload of " + size + " bytes");
        }
        begin(size);
        header().set(ValueLayout.JAVA_SHORT, VfioLayout.ID, (short) id);
        header().set(ValueLayout.JAVA_SHORT, VfioLayout.COMMAND, (short) command);
        header().set(ValueLayout.JAVA_INT, VfioLayout.SIZE, VfioLayout.HEADER_BYTES + size);
        header().set(ValueLayout.JAVA_INT, VfioLayout.FLAGS, flags);
        header().set(ValueLayout.JAVA_INT, VfioLayout.ERROR, error);
        return this;
    }

    public int id() {
        return Short.toUnsignedInt(header().get(ValueLayout.JAVA_SHORT, VfioLayout.ID));
    }

    public int command() {
        return Short.toUnsignedInt(header().get(ValueLayout.JAVA_SHORT, VfioLayout.COMMAND));
    }

    public int flags() {
        return header().get(ValueLayout.JAVA_INT, VfioLayout.FLAGS);
    }

    /** What a refusal says, see {@link ErrorNumber}. */
    public int error() {
        return header().get(ValueLayout.JAVA_INT, VfioLayout.ERROR);
    }

    /** Bytes of the payload. */
    public int size() {
        return header().get(ValueLayout.JAVA_INT, VfioLayout.SIZE) - VfioLayout.HEADER_BYTES;
    }

    public boolean wantsReply() {
        return (flags() & VfioLayout.NO_REPLY) == 0;
    }

    @Override
    protected int announced() {
        long whole = Integer.toUnsignedLong(header().get(ValueLayout.JAVA_INT, VfioLayout.SIZE));
        if (whole < VfioLayout.HEADER_BYTES || whole > VfioLayout.HEADER_BYTES + MAX_PAYLOAD) {
            throw new ProtocolException(name() + " of " + whole + " bytes");
        }
        return size();
    }

    @Override
    protected String name() {
        return "command " + command();
    }

    @Override
    protected VfioMessage self() {
        return this;
    }
}
