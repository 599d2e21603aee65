package dev.cipu.bench.suite;

import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.versus.Part;
import dev.cipu.bench.versus.Run;
import java.io.IOException;
import java.util.List;

/** How long until the command line answers, with the caches that {@code ./cipu} makes and without. */
final class StartUpPart implements Part {
    static final String NAME = "start-up";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<CaseResult> measure(Run run) throws IOException, InterruptedException {
        Launch launch = Launch.ofThisProcess(System.getProperty("java.class.path", ""));
        return run.compare(List.of(new StartUpMatch(run.setup(""), launch)));
    }
}
