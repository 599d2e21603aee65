package dev.cipu.bench.overhead;

import dev.cipu.dataplane.IdlePolicy;
import dev.cipu.shim.assembly.BlkSpec;
import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpec;
import dev.cipu.shim.assembly.EndpointSpec;
import dev.cipu.shim.assembly.NetSpec;
import dev.cipu.shim.assembly.StoreSpec;
import dev.cipu.shim.assembly.SwitchSpec;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The main class of a card in a process of its own: a network device before a switch that reflects, and a disk that moves no
 * data. Its input is for looking where its worker's time goes: {@code profile} begins, {@code report} ends that and is answered
 * with a line of JSON, samples by method. It ends with its input.
 */
public final class CardServer {
    /** Names of the sockets in its folder. */
    static final String NET = "net";

    static final String BLK = "blk";
    static final String PROBE = "probe";

    static final String PROFILE = "profile";
    static final String REPORT = "report";

    /** How a worker waits that asks for kicks as soon as it has nothing to do, as a kernel's vhost thread does. */
    private static final IdlePolicy AT_ONCE = new IdlePolicy.Sleep(0);

    private static final String WORKER = "cipu-worker";
    private static final long DISK_BYTES = 1L << 30;
    private static final int MTU = Work.MTU;

    private CardServer() {}

    /** Takes the core, {@code spin} or {@code sleep}, and a folder for its sockets. */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[2]);
        CardSpec spec = new CardSpec(
                List.of(Integer.parseInt(args[0])),
                args[1].equals("sleep") ? AT_ONCE : IdlePolicy.of(args[1]),
                folder.resolve("counters"),
                Map.of("null", new StoreSpec.Nothing(DISK_BYTES)),
                List.of(new SwitchSpec(SwitchSpec.DEFAULT_NAME, SwitchSpec.Uplink.LOOPBACK)),
                List.of(
                        new NetSpec(
                                NET,
                                EndpointSpec.server(folder.resolve(NET)),
                                "02:00:00:00:00:01",
                                1,
                                MTU,
                                SwitchSpec.DEFAULT_NAME),
                        new BlkSpec(
                                BLK,
                                EndpointSpec.server(folder.resolve(BLK)),
                                "null",
                                false,
                                1,
                                "overhead",
                                BlkSpec.DEFAULT_BLOCK_SIZE)));
        try (CardAssembly card = CardAssembly.start(spec)) {
            card.spec().devices().forEach(card::serve);
            AllocationProbe.serve(folder.resolve(PROBE), card.coreThreads());
            obey();
        }
    }

    private static void obey() throws IOException {
        HotSpots looking = null;
        try (BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                switch (line) {
                    case PROFILE -> looking = new HotSpots();
                    case REPORT -> {
                        Map<String, Integer> found = Map.of();
                        if (looking != null) {
                            found = looking.stop(WORKER);
                            looking.close();
                            looking = null;
                        }
                        System.out.println(GuestServer.JSON.writeValueAsString(found));
                        System.out.flush();
                    }
                    default -> throw new IOException("no command: " + line);
                }
            }
        }
    }
}
