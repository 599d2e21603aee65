package dev.cipu.bench.suite;

import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.versus.Part;
import dev.cipu.bench.versus.Run;
import java.io.IOException;
import java.util.List;

/** Frames through the switch in this process, against nothing but a copy of them. */
final class SwitchPart implements Part {
    static final String NAME = "switch";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<CaseResult> measure(Run run) throws IOException, InterruptedException {
        return run.compare(List.of(new SwitchMatch(run.setup(""))));
    }
}
