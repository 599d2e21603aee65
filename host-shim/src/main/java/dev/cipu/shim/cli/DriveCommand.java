package dev.cipu.shim.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cipu drive}: load on any vhost-user back-end, measured and checked from the driver's side. */
@Command(
        name = "drive",
        description = "Drive and measure a device behind any vhost-user socket.",
        subcommands = {DriveBlk.class, DriveNet.class})
public final class DriveCommand implements Subcommand, Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say which kind of device to drive: blk or net");
    }
}
