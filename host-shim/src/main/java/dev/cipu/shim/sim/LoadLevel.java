package dev.cipu.shim.sim;

import com.fasterxml.jackson.annotation.JsonValue;

/** How much a guest asks for. */
public sealed interface LoadLevel {
    /** As much as the card takes. */
    record Most() implements LoadLevel {
        @Override
        @JsonValue
        public String toString() {
            return "max";
        }
    }

    /** So many packets or requests a second, which come by chance. */
    record Rate(double perSecond) implements LoadLevel {
        @Override
        @JsonValue
        public String toString() {
            return Amounts.plain(perSecond);
        }
    }

    /** A share of what the card takes at most. */
    record Share(double share) implements LoadLevel {
        @Override
        @JsonValue
        public String toString() {
            return Amounts.plain(100 * share) + "%";
        }
    }

    /** What {@code text} says: {@code max}, a rate such as {@code 2.5M}, or a share such as {@code 50%}. */
    static LoadLevel parse(String what, String text) {
        if (text.equals("max")) {
            return new Most();
        }
        if (!text.endsWith("%")) {
            return new Rate(Amounts.perSecond(what, text));
        }
        double share = Amounts.perSecond(what, text.substring(0, text.length() - 1)) / 100;
        return new Share(share);
    }
}
