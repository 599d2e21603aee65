/** What a packet or a request passes on its way, one small class a stage. */
package dev.cipu.sim.stage;
