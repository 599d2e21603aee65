package dev.cipu.shim.assembly;

import dev.cipu.device.card.CardProfile;
import dev.cipu.device.card.Figure;
import dev.cipu.device.card.Parameter;
import dev.cipu.device.pci.PciLink;
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
        checkFunctions(devices);
        devices.forEach(this::check);
        link(card);
        return devices.stream().map(this::withPreset).toList();
    }

    /**
     * The link that functions of a card say they have; what is not known of it is as usual.
     *
     * @param card null for none of any generation
     * @throws CardSpecException if it is none that PCI Express has
     */
    static PciLink link(@Nullable CardProfile card) {
        Figure generation = card == null ? null : card.figure(Parameter.LINK_GENERATION);
        Figure lanes = card == null ? null : card.figure(Parameter.LINK_LANES);
        try {
            return new PciLink(
                    generation == null ? PciLink.USUAL.generation() : (int) generation.most(),
                    lanes == null ? PciLink.USUAL.lanes() : (int) lanes.most());
        } catch (IllegalArgumentException e) {
            throw new CardSpecException(
                    "card " + (card == null ? "" : card.name()) + ": " + e.getMessage() + "; mend its profile", e);
        }
    }

    private void checkFunctions(List<DeviceSpec> devices) {
        Figure physical = card.figure(Parameter.PHYSICAL_FUNCTIONS);
        Figure virtual = card.figure(Parameter.VIRTUAL_FUNCTIONS);
        int vfs = 0;
        for (DeviceSpec device : devices) {
            atMost(device, "vfs", device.virtuals().total(), 1, virtual);
            vfs += device.virtuals().total();
        }
        if (virtual != null && vfs > virtual.most()) {
            throw new CardSpecException("the description has " + vfs + " virtual functions, and card " + card.name()
                    + " has " + said(virtual) + "; say less or choose another card");
        }
        if (physical == null || virtual == null || devices.size() + vfs <= physical.most() + virtual.most()) {
            return;
        }
        throw new CardSpecException("the description has " + devices.size() + " devices"
                + (vfs > 0 ? " and " + vfs + " virtual functions" : "") + ", and card " + card.name() + " has "
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
