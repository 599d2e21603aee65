package dev.cipu.bench.versus;

import dev.cipu.bench.machine.HugePages;
import dev.cipu.bench.machine.Proc;
import dev.cipu.bench.process.Setup;
import dev.cipu.bench.report.CaseResult;
import dev.cipu.bench.report.Progress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What the parts of one report share: the cores, the cases that are wanted, how long, and who hears of it. */
public final class Run {
    private final BenchOptions options;
    private final Progress progress;
    private final boolean hugePages;

    /** Of the machine, at most, during the parts so far. */
    private long reservedPages;

    public Run(BenchOptions options, Progress progress) {
        this(options, progress, false);
    }

    private Run(BenchOptions options, Progress progress, boolean hugePages) {
        this.options = options;
        this.progress = progress;
        this.hugePages = hugePages;
    }

    public Progress progress() {
        return progress;
    }

    boolean quick() {
        return options.quick();
    }

    /**
     * What the matches of a part share.
     *
     * @param program the peer's, empty if it has none
     */
    public Setup setup(String program) {
        return options.setup(program, hugePages);
    }

    /** Measures a part, with huge pages if it wants some and they can be had. */
    public List<CaseResult> of(Part part) throws IOException, InterruptedException {
        try (HugePages pages =
                part.hugePages() == 0 ? null : HugePages.reserveOrWarn(part.hugePages(), progress::line)) {
            reservedPages = Math.max(reservedPages, Proc.memory("HugePages_Total"));
            return part.measure(new Run(options, progress, pages != null));
        }
    }

    /** Huge pages that the machine had reserved, at most, while a part was measured. */
    long reservedPages() {
        return reservedPages;
    }

    /** Compares both sides of these matches, one match after the other. */
    public <W> List<CaseResult> compare(List<? extends Match<W>> matches) throws IOException, InterruptedException {
        Comparison comparison = options.comparison(progress);
        List<CaseResult> results = new ArrayList<>();
        for (Match<W> match : matches) {
            results.addAll(comparison.run(match));
        }
        return results;
    }
}
