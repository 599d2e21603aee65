package dev.cipu.bench.process;

import java.util.List;

/**
 * How testpmd's virtio-user driver is told to use its rings. Where a property is not named, DPDK's default holds: split
 * rings, used in order.
 *
 * @param name as in the names of cases
 * @param properties of the virtual device
 * @param options of DPDK's environment
 */
public record DriverShape(String name, String properties, List<String> options) {
    public static final DriverShape SPLIT = new DriverShape("split/mrg=0", "mrg_rxbuf=0", List.of());
    public static final DriverShape SPLIT_MERGEABLE = new DriverShape("split/mrg=1", "mrg_rxbuf=1", List.of());
    public static final DriverShape PACKED = new DriverShape("packed/mrg=0", "packed_vq=1,mrg_rxbuf=0", List.of());
    public static final DriverShape PACKED_MERGEABLE =
            new DriverShape("packed/mrg=1", "packed_vq=1,mrg_rxbuf=1", List.of());
    public static final DriverShape PACKED_ANY_ORDER =
            new DriverShape("packed/in_order=0", "packed_vq=1,mrg_rxbuf=0,in_order=0", List.of());

    /** Four descriptors at a time with AVX-512, which DPDK does not use unless it is allowed to. */
    public static final DriverShape PACKED_VECTORIZED = new DriverShape(
            "packed/vectorized", "packed_vq=1,mrg_rxbuf=0,vectorized=1", List.of("--force-max-simd-bitwidth=512"));
}
