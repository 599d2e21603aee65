/** What passes the card's queues, on its way from a worker to whoever writes it down: records, and a ring for each worker. */
package dev.cipu.dataplane.journal;
