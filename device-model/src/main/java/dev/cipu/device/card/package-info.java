/** Card generations as data: what a card is and does, each number with where it comes from. */
@NullMarked
package dev.cipu.device.card;

import org.jspecify.annotations.NullMarked;
