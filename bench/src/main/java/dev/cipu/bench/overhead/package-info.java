/** What virtualization costs a host: the same guest work done in several ways, and what each takes from its processors. */
@NullMarked
package dev.cipu.bench.overhead;

import org.jspecify.annotations.NullMarked;
