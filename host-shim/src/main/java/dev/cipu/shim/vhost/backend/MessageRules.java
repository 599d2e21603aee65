package dev.cipu.shim.vhost.backend;

import dev.cipu.shim.vhost.Message;
import dev.cipu.shim.vhost.MessageLayout;
import dev.cipu.shim.vhost.Request;
import dev.cipu.shim.wire.ProtocolException;

/**
 * How many payload bytes and descriptors each message has at least and exactly, checked before anything in it is used.
 * A payload may be longer: some front-ends pad theirs. Descriptors may not be more: they would be ours to close, and a
 * peer that sends them is confused or means harm.
 */
final class MessageRules {
    private MessageRules() {}

    static void check(Message message) {
        if (message.isReply()) {
            throw new ProtocolException("a front-end sends no replies");
        }
        int needed = payloadBytes(message.request());
        if (message.size() < needed) {
            throw new ProtocolException(
                    "message " + message.request() + " of " + message.size() + " bytes needs " + needed);
        }
        int most = descriptors(message);
        int came = message.descriptors().count();
        // [vhost-user "VHOST_USER_REM_MEM_REG"] one descriptor MAY come, and is closed unused
        int least = message.request() == Request.REM_MEM_REG ? 0 : most;
        if (came < least || came > most) {
            throw new ProtocolException(
                    "message " + message.request() + " with " + came + " descriptors instead of " + most);
        }
    }

    /** Whether the message has a reply of its own, so that it is not acknowledged besides. */
    static boolean hasReply(int request) {
        return switch (request) {
            case Request.GET_FEATURES,
                    Request.GET_PROTOCOL_FEATURES,
                    Request.GET_QUEUE_NUM,
                    Request.GET_VRING_BASE,
                    Request.GET_CONFIG,
                    Request.GET_INFLIGHT_FD,
                    Request.GET_MAX_MEM_SLOTS,
                    Request.GET_STATUS -> true;
            default -> false;
        };
    }

    /** Whether the message is acknowledged even if nobody asks for it. */
    static boolean isAnswered(int request) {
        return request == Request.IOTLB_MSG || request == Request.SET_LOG_BASE;
    }

    private static int payloadBytes(int request) {
        return switch (request) {
            case Request.SET_FEATURES,
                    Request.SET_PROTOCOL_FEATURES,
                    Request.SET_VRING_KICK,
                    Request.SET_VRING_CALL,
                    Request.SET_VRING_ERR,
                    Request.SEND_RARP,
                    Request.NET_SET_MTU,
                    Request.SET_STATUS -> MessageLayout.U64_BYTES;
            case Request.SET_VRING_NUM, Request.SET_VRING_BASE, Request.GET_VRING_BASE, Request.SET_VRING_ENABLE ->
                MessageLayout.STATE_BYTES;
            case Request.SET_VRING_ADDR -> MessageLayout.ADDRESS_BYTES;
            case Request.SET_MEM_TABLE -> MessageLayout.TABLE_REGIONS;
            case Request.ADD_MEM_REG, Request.REM_MEM_REG -> MessageLayout.SINGLE_REGION + MessageLayout.REGION_BYTES;
            case Request.GET_CONFIG, Request.SET_CONFIG -> MessageLayout.CONFIG_DATA;
            case Request.GET_INFLIGHT_FD, Request.SET_INFLIGHT_FD -> MessageLayout.INFLIGHT_BYTES;
            case Request.IOTLB_MSG -> MessageLayout.IOTLB_BYTES;
            case Request.SET_LOG_BASE -> MessageLayout.LOG_BYTES;
            default -> 0;
        };
    }

    private static int descriptors(Message message) {
        return switch (message.request()) {
            case Request.SET_VRING_KICK, Request.SET_VRING_CALL, Request.SET_VRING_ERR ->
                (message.u64(0) & MessageLayout.FILE_NONE) == 0 ? 1 : 0;
            case Request.ADD_MEM_REG,
                    Request.REM_MEM_REG,
                    Request.SET_BACKEND_REQ_FD,
                    Request.SET_INFLIGHT_FD,
                    Request.SET_LOG_BASE,
                    Request.SET_LOG_FD -> 1;
            case Request.SET_MEM_TABLE -> regions(message);
            default -> 0;
        };
    }

    /** Regions of a SET_MEM_TABLE message, checked against its size. */
    static int regions(Message message) {
        int regions = message.u32(MessageLayout.TABLE_COUNT);
        if (regions < 0
                || regions > MessageLayout.TABLE_MAX_REGIONS
                || message.size() < MessageLayout.TABLE_REGIONS + regions * MessageLayout.REGION_BYTES) {
            throw new ProtocolException("memory table of " + Integer.toUnsignedString(regions) + " regions in "
                    + message.size() + " bytes");
        }
        return regions;
    }
}
