package dev.cipu.shim.assembly;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Parameter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a card of some generation allows of a description, and what it decides where the description says nothing. A bound that
 * is not known does not bound.
 */
final class CardBounds {
    private static final int MEGABITS_PER_GIGABIT = 1_000;

    private final CardProfile card;

    CardBounds(CardProfile card) {
        this.card = card;
    }

    /**
     * The devices as this card has them: those that name no preset offer the card's.
     *
     * @throws CardSpecException if the card cannot have them; the message names the bound and its source
     */
    List<DeviceSpec> fit(List<DeviceSpec> devices) {
        checkFunctions(devices.size());
        devices.forEach(this::check);
        return devices.stream().map(this::withPreset).toList();
    }

    private void checkFunctions(int devices) {
        Figure physical = card.figure(Parameter.PHYSICAL_FUNCTIONS);
        Figure virtual = card.figure(Parameter.VIRTUAL_FUNCTIONS);
        if (physical == null || virtual == null || devices <= physical.most() + virtual.most()) {
            return;
        }
        throw new CardSpecException("the description has " + devices + " devices, and card " + card.name() + " has "
                + said(physical) + " and " + said(virtual) + "; leave some out or choose another card");
    }

    private void check(DeviceSpec device) {
        switch (device) {
            case NetSpec net -> {
                atMost(net, "queues", net.queues(), 1, card.figure(Parameter.NET_PAIRS));
                atMost(net, "speed", net.speed(), MEGABITS_PER_GIGABIT, card.figure(Parameter.BANDWIDTH));
            }
            case BlkSpec blk -> atMost(blk, "queues", blk.queues(), 1, card.figure(Parameter.BLK_QUEUES));
        }
    }

    /** Compares a key's value with a figure whose unit is so many of the key's. */
    private void atMost(DeviceSpec device, String key, int value, int scale, @Nullable Figure bound) {
        if (bound != null && value > bound.most() * scale) {
            throw new CardSpecException(device.id() + ": key '" + key + "' is " + value + ", and card " + card.name()
                    + " has " + said(bound) + "; say less or choose another card");
        }
    }

    private static String said(Figure bound) {
        return bound.parameter().path() + " " + bound.text() + " ("
                + bound.evidence().text() + ")";
    }

    private DeviceSpec withPreset(DeviceSpec device) {
        return switch (device) {
            case NetSpec net -> net.offering(net.features().orPreset(card.netPreset()));
            case BlkSpec blk -> blk.offering(blk.features().orPreset(card.blkPreset()));
        };
    }
}
