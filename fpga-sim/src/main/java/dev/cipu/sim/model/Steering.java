package dev.cipu.sim.model;

/** Which flow a packet is of, and to which queue it goes. */
interface Steering {
    /** Asked once of each packet, when it enters the card; not negative. */
    int flow(int journey);

    /** The queue that receives a packet of this flow, by its place among those that receive. */
    int queue(int journey, int flow);
}
