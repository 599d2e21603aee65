package dev.cipu.bench.jmh;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Says to the reader of the results what a class of benchmarks measures, and what one operation is. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface Measures {
    /** Whole sentences in Markdown. */
    String value();
}
