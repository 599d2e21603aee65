package dev.cipu.device.card;

/**
 * A document that figures come from.
 *
 * @param id as the figures of a profile name it
 * @param document title, and who published it
 * @param year of publication; of a page without a date, the year in which it was read
 */
public record Source(String id, String document, int year) {
    private static final int FIRST_YEAR = 1990;
    private static final int LAST_YEAR = 2100;

    public Source {
        if (document.isBlank()) {
            throw new IllegalArgumentException("the source has no document; give its title");
        }
        if (year < FIRST_YEAR || year > LAST_YEAR) {
            throw new IllegalArgumentException(
                    "the source is of the year " + year + "; give the year of its publication");
        }
    }
}
