package dev.cipu.shim.sim.trace;

import dev.cipu.sim.model.Part;
import dev.cipu.sim.model.Tracer;

/** Lets two hear of the same. */
public record TwoTracers(Tracer one, Tracer other) implements Tracer {
    @Override
    public void begin(int journey, long time) {
        one.begin(journey, time);
        other.begin(journey, time);
    }

    @Override
    public void queue(int journey, int queue) {
        one.queue(journey, queue);
        other.queue(journey, queue);
    }

    @Override
    public void span(int journey, Part part, long from, long to) {
        one.span(journey, part, from, to);
        other.span(journey, part, from, to);
    }

    @Override
    public void end(int journey, long time) {
        one.end(journey, time);
        other.end(journey, time);
    }

    @Override
    public void register(Register register, int queue, long time, long value) {
        one.register(register, queue, time, value);
        other.register(register, queue, time, value);
    }
}
