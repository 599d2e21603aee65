package dev.cipu.virtio.ring;

import java.util.ArrayList;
import java.util.List;

/** An inflight log that remembers how it was called, and what the driver could see at that moment. */
final class InflightCalls implements InflightLog {
    final List<String> calls = new ArrayList<>();

    @Override
    public void taken(int head) {
        calls.add("taken " + head);
    }

    @Override
    public void completing(int head) {
        calls.add("completing " + head);
    }

    @Override
    public void published(int usedIndex) {
        calls.add("published " + usedIndex);
    }
}
