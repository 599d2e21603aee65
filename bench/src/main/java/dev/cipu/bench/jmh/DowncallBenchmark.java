package dev.cipu.bench.jmh;

import dev.cipu.shim.posix.EventFd;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import jnr.ffi.LibraryLoader;
import jnr.ffi.types.intptr_t;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The ways to call C, see docs/adr/0007. */
@Measures(
        "One call into C each way that we make one: FFM, FFM for calls that never block (critical), jnr-ffi. abs(3) does "
                + "nothing, so it is the bare transition; getpid(2) and a write to an eventfd are system calls.")
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings({"restricted", "NullAway.Init"})
public class DowncallBenchmark {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final FunctionDescriptor INT_OF_INT =
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    private static final FunctionDescriptor INT = FunctionDescriptor.of(ValueLayout.JAVA_INT);
    private static final FunctionDescriptor WRITE_TYPE = FunctionDescriptor.of(
            ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);

    private static final MethodHandle ABS = bind("abs", INT_OF_INT);
    private static final MethodHandle ABS_CRITICAL = bind("abs", INT_OF_INT, Linker.Option.critical(false));
    private static final MethodHandle GETPID = bind("getpid", INT);
    private static final MethodHandle GETPID_CRITICAL = bind("getpid", INT, Linker.Option.critical(false));
    private static final MethodHandle WRITE = bind("write", WRITE_TYPE);
    private static final MethodHandle WRITE_CRITICAL = bind("write", WRITE_TYPE, Linker.Option.critical(false));
    private static final Jnr JNR = LibraryLoader.create(Jnr.class).load("c");

    /** The same calls as jnr-ffi binds them. */
    public interface Jnr {
        int abs(int value);

        int getpid();

        @ssize_t
        long write(int fd, @intptr_t long buffer, @size_t long count);
    }

    private final Arena arena = Arena.ofShared();
    private final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1L);
    private EventFd event;
    private int fd;
    private int value = -1;

    private static MethodHandle bind(String name, FunctionDescriptor type, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, options);
    }

    @Setup(Level.Trial)
    public void open() {
        event = EventFd.create();
        fd = event.fd().number();
    }

    @TearDown(Level.Trial)
    public void close() {
        event.close();
        arena.close();
    }

    @Benchmark
    public int absFfm() throws Throwable {
        return (int) ABS.invokeExact(value);
    }

    @Benchmark
    public int absCritical() throws Throwable {
        return (int) ABS_CRITICAL.invokeExact(value);
    }

    @Benchmark
    public int absJnr() {
        return JNR.abs(value);
    }

    @Benchmark
    public int getpidFfm() throws Throwable {
        return (int) GETPID.invokeExact();
    }

    @Benchmark
    public int getpidCritical() throws Throwable {
        return (int) GETPID_CRITICAL.invokeExact();
    }

    @Benchmark
    public int getpidJnr() {
        return JNR.getpid();
    }

    @Benchmark
    public long eventFdFfm() throws Throwable {
        return (long) WRITE.invokeExact(fd, one, (long) Long.BYTES);
    }

    @Benchmark
    public long eventFdCritical() throws Throwable {
        return (long) WRITE_CRITICAL.invokeExact(fd, one, (long) Long.BYTES);
    }

    @Benchmark
    public long eventFdJnr() {
        return JNR.write(fd, one.address(), Long.BYTES);
    }

    /** The product's own way. */
    @AllocatesNothing
    @Benchmark
    public void eventFdSignal() {
        event.signal();
    }
}
