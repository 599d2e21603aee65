package dev.cipu.device.card;

/**
 * What can be said of a card in a number. A row more is all that a new parameter takes: files, reports and pages know it then.
 * Each has one unit, so that two cards can be compared and a simulator need not convert.
 */
public enum Parameter {
    PHYSICAL_FUNCTIONS(Section.FUNCTIONS, "physical", "functions", Kind.COUNT, "physical functions"),
    VIRTUAL_FUNCTIONS(Section.FUNCTIONS, "virtual", "functions", Kind.COUNT, "virtual functions"),
    CONTAINERS(Section.FUNCTIONS, "containers", "containers", Kind.COUNT, "containers served on one server"),
    SERVERS(Section.FUNCTIONS, "bare-metal-guests", "guests", Kind.COUNT, "bare-metal guests served by one card"),

    NET_PAIRS(Section.QUEUES, "net-pairs", "pairs", Kind.COUNT, "queue pairs of a network device"),
    BLK_QUEUES(Section.QUEUES, "blk", "queues", Kind.COUNT, "request queues of a block device"),
    AGGREGATION_QUEUES(
            Section.QUEUES, "aggregation", "queues", Kind.COUNT, "hardware queues that gather packets of a flow"),
    AGGREGATION_BURST(
            Section.QUEUES, "aggregation-burst", "packets", Kind.COUNT, "packets taken of one of them in a turn"),

    BANDWIDTH(Section.NETWORK, "bandwidth", "Gb/s", Kind.AMOUNT, "network bandwidth"),
    PACKET_RATE(Section.NETWORK, "packet-rate", "Mpps", Kind.AMOUNT, "packets"),
    HARDWARE_PATH_RATE(
            Section.NETWORK, "hardware-path-rate", "Mpps", Kind.AMOUNT, "packets that hit the flow cache in hardware"),
    SOFTWARE_PATH_RATE(
            Section.NETWORK, "software-path-rate", "Mpps", Kind.AMOUNT, "packets that go through hardware and cores"),
    CORE_PACKET_RATE(Section.NETWORK, "core-packet-rate", "Mpps", Kind.AMOUNT, "packets that one core moves"),
    CORE_BANDWIDTH(Section.NETWORK, "core-bandwidth", "Gb/s", Kind.AMOUNT, "bandwidth that one core moves"),
    SOFTWARE_PATH_LATENCY(
            Section.NETWORK, "software-path-latency", "us", Kind.AMOUNT, "what the cores add to a packet's time"),
    FLOW_CACHE(Section.NETWORK, "flow-cache", "flows", Kind.COUNT, "flows that packets are looked up in by hardware"),
    PACKET_BUFFERS(Section.NETWORK, "packet-buffers", "packets", Kind.COUNT, "packets that the card has room for"),
    CORE_LINK(Section.NETWORK, "core-link", "Gb/s", Kind.AMOUNT, "bandwidth between hardware and cores, each way"),
    SLICE_HEADER(
            Section.NETWORK,
            "slice-header",
            "bytes",
            Kind.COUNT,
            "bytes of a packet that go to the cores, while its payload waits; 0 for whole packets"),
    PAYLOAD_BUFFER(Section.NETWORK, "payload-buffer", "KiB", Kind.COUNT, "such payload that there is room for"),
    PAYLOAD_TIMEOUT(
            Section.NETWORK, "payload-timeout", "us", Kind.AMOUNT, "how long a sliced payload waits for its header"),
    RDMA_LATENCY(Section.NETWORK, "rdma-latency", "us", Kind.AMOUNT, "latency of elastic RDMA"),

    IOPS(Section.STORAGE, "iops", "K IOPS", Kind.AMOUNT, "reads of 4 KiB of the whole card"),
    DISK_IOPS(Section.STORAGE, "disk-iops", "K IOPS", Kind.AMOUNT, "reads of 4 KiB of one disk"),
    CLOUD_DISK_IOPS(Section.STORAGE, "cloud-disk-iops", "K IOPS", Kind.AMOUNT, "the fastest disk over the network"),
    STORAGE_BANDWIDTH(Section.STORAGE, "bandwidth", "GB/s", Kind.AMOUNT, "storage bandwidth"),
    READ_LATENCY(Section.STORAGE, "read-latency", "us", Kind.AMOUNT, "a read of 4 KiB from a local disk"),
    WRITE_LATENCY(Section.STORAGE, "write-latency", "us", Kind.AMOUNT, "a write of 4 KiB to a local disk"),
    ADDED_LATENCY(Section.STORAGE, "added-latency", "us", Kind.AMOUNT, "what the card adds to a request's time"),
    REQUEST_CORES(Section.STORAGE, "cores", "cores", Kind.COUNT, "cores or engines of the card that move requests"),
    REQUEST_TIME(Section.STORAGE, "request-time", "us", Kind.AMOUNT, "time that a request takes of one of them"),
    STORE_TAIL(
            Section.STORAGE,
            "tail",
            "times",
            Kind.AMOUNT,
            "how many times the median the 99th percentile of a disk is"),
    STORE_RATE(Section.STORAGE, "disks-iops", "K IOPS", Kind.AMOUNT, "what all disks behind the card take together"),
    STORAGE_HOST_CORES(Section.STORAGE, "host-cores", "cores", Kind.AMOUNT, "host cores that storage takes"),

    GUEST_BANDWIDTH(Section.GUEST, "bandwidth", "Gb/s", Kind.AMOUNT, "network bandwidth"),
    GUEST_PACKET_RATE(Section.GUEST, "packet-rate", "Mpps", Kind.AMOUNT, "packets"),
    GUEST_IOPS(Section.GUEST, "iops", "K IOPS", Kind.AMOUNT, "I/Os"),
    GUEST_STORAGE_BANDWIDTH(Section.GUEST, "storage-bandwidth", "GB/s", Kind.AMOUNT, "storage bandwidth"),

    LINK_GENERATION(Section.LINK, "generation", "gen", Kind.COUNT, "PCI Express generation"),
    LINK_LANES(Section.LINK, "lanes", "lanes", Kind.COUNT, "lanes"),
    LINK_BANDWIDTH(Section.LINK, "bandwidth", "Gb/s", Kind.AMOUNT, "physical bandwidth, each way"),
    LINK_CROSSING(Section.LINK, "crossing", "ns", Kind.AMOUNT, "one crossing"),
    MAX_PAYLOAD(Section.LINK, "max-payload", "bytes", Kind.COUNT, "data of a packet at most (MPS)"),
    MAX_READ_REQUEST(Section.LINK, "max-read-request", "bytes", Kind.COUNT, "bytes asked for at a time at most (MRRS)"),
    READ_COMPLETION_BOUNDARY(
            Section.LINK, "read-completion-boundary", "bytes", Kind.COUNT, "where completions are cut (RCB)"),
    TAGS(Section.LINK, "tags", "tags", Kind.COUNT, "reads that may be unanswered at a time"),
    POSTED_HEADERS(Section.LINK, "posted-headers", "headers", Kind.COUNT, "writes that the host takes in at a time"),
    POSTED_BYTES(Section.LINK, "posted-bytes", "bytes", Kind.COUNT, "their data"),
    DLLP_BYTES(
            Section.LINK,
            "dllp-bytes",
            "bytes",
            Kind.COUNT,
            "acknowledgements and credits that a packet causes, on average"),
    SHADOW_CROSSINGS(
            Section.LINK,
            "shadow-crossings",
            "crossings",
            Kind.COUNT,
            "crossings between a bridge and the shadow rings behind it"),
    REGISTER_ACCESS(Section.LINK, "register-access", "ns", Kind.AMOUNT, "a guest's access to a register of the card"),

    DMA_ENGINES(Section.DMA, "engines", "engines", Kind.COUNT, "engines"),
    DMA_BANDWIDTH(Section.DMA, "bandwidth", "Gb/s", Kind.AMOUNT, "bandwidth"),
    DMA_PACKET_TIME(Section.DMA, "packet-time", "ns", Kind.AMOUNT, "time that a packet occupies an engine"),
    DMA_READ_LATENCY(Section.DMA, "read-latency", "ns", Kind.AMOUNT, "a read of 64 B, there and back"),
    IOTLB_MISS(Section.DMA, "iotlb-miss", "ns", Kind.AMOUNT, "what a miss of the IOMMU's cache adds"),

    MEMORY_TAIL(
            Section.DMA,
            "memory-tail",
            "times",
            Kind.AMOUNT,
            "how many times the median the 99th percentile of an access to memory is"),
    IOTLB_ENTRIES(Section.DMA, "iotlb-entries", "pages", Kind.COUNT, "pages that the IOMMU's cache knows"),
    IOTLB_PAGE(Section.DMA, "iotlb-page", "KiB", Kind.COUNT, "such a page"),
    PREFETCH(Section.DMA, "prefetch", "descriptors", Kind.COUNT, "ring entries that are read at a time"),
    DESCRIPTOR_LINE(
            Section.DMA, "descriptor-line", "descriptors", Kind.COUNT, "descriptors of a split table read at a time"),
    USED_BATCH(Section.DMA, "used-batch", "elements", Kind.COUNT, "used elements that are written at a time"),
    USED_WAIT(Section.DMA, "used-wait", "ns", Kind.AMOUNT, "how long fewer of them wait"),

    INTERRUPT_LATENCY(
            Section.INTERRUPT, "latency", "us", Kind.AMOUNT, "from the card's decision to the guest's handler"),
    INTERRUPT_PACKETS(
            Section.INTERRUPT, "packets", "packets", Kind.COUNT, "packets for which an interrupt is raised at once"),
    INTERRUPT_WAIT(Section.INTERRUPT, "wait", "us", Kind.AMOUNT, "how long fewer of them wait"),

    HOST_CORES(Section.HOST, "cores", "cores", Kind.COUNT, "cores of the server that figures are of"),
    CORES_LOST(Section.HOST, "cores-lost", "cores", Kind.AMOUNT, "host cores that virtualization takes"),
    MEMORY_TAKEN(Section.HOST, "memory-taken", "GiB", Kind.AMOUNT, "host memory that virtualization takes"),
    GUEST_PACKET_TIME(Section.HOST, "packet-time", "ns", Kind.AMOUNT, "what a packet takes of a guest's core"),
    GUEST_REQUEST_TIME(Section.HOST, "request-time", "ns", Kind.AMOUNT, "what a request takes of a guest's core"),
    DOORBELL_TIME(Section.HOST, "doorbell-time", "ns", Kind.AMOUNT, "what telling the device takes of a guest's core"),
    HANDLER_TIME(Section.HOST, "handler-time", "ns", Kind.AMOUNT, "what an interrupt takes of a guest's core"),

    CARD_CORES(Section.CARD, "cores", "cores", Kind.COUNT, "cores of its own"),
    CARD_MEMORY(Section.CARD, "memory", "GiB", Kind.AMOUNT, "memory of its own");

    /** What values make sense. */
    private enum Kind {
        COUNT,
        AMOUNT
    }

    private final Section section;
    private final String key;
    private final String unit;
    private final Kind kind;
    private final String title;

    Parameter(Section section, String key, String unit, Kind kind, String title) {
        this.section = section;
        this.key = key;
        this.unit = unit;
        this.kind = kind;
        this.title = title;
    }

    public Section section() {
        return section;
    }

    /** As files write it, within its section. */
    public String key() {
        return key;
    }

    /** As files and reports write it by itself. */
    public String path() {
        return section.key() + "." + key;
    }

    public String unit() {
        return unit;
    }

    /** What it is, in words. */
    public String title() {
        return title;
    }

    void check(double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException("the value " + value + " makes no sense; give a number from 0 up");
        }
        if (kind == Kind.COUNT && value != Math.rint(value)) {
            throw new IllegalArgumentException(
                    "the value " + value + " is a part of a thing; give a whole number of " + unit);
        }
    }
}
