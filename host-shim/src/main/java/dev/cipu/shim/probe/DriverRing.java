package dev.cipu.shim.probe;

import dev.cipu.virtio.driver.SplitDriver;

/** The driver's half of a ring, whatever its format; see {@link SplitDriver} for what the methods mean. */
public interface DriverRing {
    int size();

    long descriptorAddress();

    long availAddress();

    long usedAddress();

    int add(long[] addresses, int[] lengths, int readable, int total);

    boolean publish();

    int poll();

    int usedLength();

    void suppressCalls();

    boolean awaitCalls();

    /** A split ring's. */
    record Split(SplitDriver driver) implements DriverRing {
        @Override
        public int size() {
            return driver.size();
        }

        @Override
        public long descriptorAddress() {
            return driver.descriptorAddress();
        }

        @Override
        public long availAddress() {
            return driver.availAddress();
        }

        @Override
        public long usedAddress() {
            return driver.usedAddress();
        }

        @Override
        public int add(long[] addresses, int[] lengths, int readable, int total) {
            return driver.add(addresses, lengths, readable, total);
        }

        @Override
        public boolean publish() {
            return driver.publish();
        }

        @Override
        public int poll() {
            return driver.poll();
        }

        @Override
        public int usedLength() {
            return driver.usedLength();
        }

        @Override
        public void suppressCalls() {
            driver.suppressCalls();
        }

        @Override
        public boolean awaitCalls() {
            return driver.awaitCalls();
        }
    }
}
