package dev.cipu.shim.vhost;

import dev.cipu.shim.wire.ProtocolException;
import dev.cipu.shim.wire.WireMessage;
import java.lang.foreign.ValueLayout;

/** A message of vhost-user, see {@link MessageLayout}. */
public final class Message extends WireMessage<Message> {
    public Message() {
        super(MessageLayout.HEADER_BYTES, MessageLayout.MAX_PAYLOAD, MessageLayout.TABLE_MAX_REGIONS);
    }

    /** Starts a new message of our own, its payload {@code size} zero bytes. */
    public Message begin(int request, int flags, int size) {
        if (size < 0 || size > MessageLayout.MAX_PAYLOAD) {
            throw new IllegalArgumentException("payload of " + size + " bytes");
        }
        begin(size);
        header().set(ValueLayout.JAVA_INT, MessageLayout.REQUEST, request);
        header().set(ValueLayout.JAVA_INT, MessageLayout.FLAGS, flags | MessageLayout.VERSION);
        header().set(ValueLayout.JAVA_INT, MessageLayout.SIZE, size);
        return this;
    }

    public int request() {
        return header().get(ValueLayout.JAVA_INT, MessageLayout.REQUEST);
    }

    public int flags() {
        return header().get(ValueLayout.JAVA_INT, MessageLayout.FLAGS);
    }

    /** Bytes of the payload. */
    public int size() {
        return header().get(ValueLayout.JAVA_INT, MessageLayout.SIZE);
    }

    public boolean isReply() {
        return (flags() & MessageLayout.REPLY) != 0;
    }

    public boolean needsReply() {
        return (flags() & MessageLayout.NEED_REPLY) != 0;
    }

    @Override
    protected int announced() {
        if ((flags() & MessageLayout.VERSION_MASK) != MessageLayout.VERSION) {
            throw new ProtocolException("version of flags 0x" + Integer.toHexString(flags()));
        }
        if (Integer.compareUnsigned(size(), MessageLayout.MAX_PAYLOAD) > 0) {
            throw new ProtocolException("payload of " + Integer.toUnsignedString(size()) + " bytes");
        }
        return size();
    }

    @Override
    protected String name() {
        return "message " + request();
    }

    @Override
    protected Message self() {
        return this;
    }
}
