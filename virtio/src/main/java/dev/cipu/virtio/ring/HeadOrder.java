package dev.cipu.virtio.ring;

/** The order in which a driver has made heads available, as far as their numbers tell. */
final class HeadOrder {
    private HeadOrder() {}

    /**
     * Ascending heads turned so that they begin behind the widest gap. A driver that relies on their order takes
     * descriptors in ring order, so that is where its oldest is. {@code [virtio-1.4 §2.7.9]}
     */
    static int[] fromOldest(int[] ascending, int size) {
        int n = ascending.length;
        int oldest = 0;
        int widest = 0;
        for (int i = 0; i < n; i++) {
            int before = ascending[i == 0 ? n - 1 : i - 1];
            int gap = (ascending[i] - before) & (size - 1);
            if (gap > widest) {
                widest = gap;
                oldest = i;
            }
        }
        int[] turned = new int[n];
        for (int i = 0; i < n; i++) {
            turned[i] = ascending[(oldest + i) % n];
        }
        return turned;
    }
}
