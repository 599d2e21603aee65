package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cipu.shim.assembly.EndpointSpec.Mode;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What can be said of where a host finds a device. */
class EndpointKeysTest {
    @Test
    void aListeningDescriptorNeedsNoPath() {
        EndpointSpec endpoint = Described.net("fd=7").devices().getFirst().endpoint();

        assertThat(endpoint).isEqualTo(new EndpointSpec(Mode.INHERITED, null, 7));
        assertThat(endpoint.name()).isEqualTo("fd:7");
    }

    @Test
    void aDeviceIsAPciFunctionWhereItIsSaid() {
        assertThat(Described.net("socket=/tmp/a,transport=vhost-user")
                        .devices()
                        .getFirst()
                        .endpoint())
                .isEqualTo(EndpointSpec.server(Path.of("/tmp/a")));
        assertThat(Described.net("socket=/tmp/a,transport=vfio-user")
                        .devices()
                        .getFirst()
                        .endpoint())
                .isEqualTo(new EndpointSpec(Mode.SERVER, Path.of("/tmp/a"), -1, EndpointSpec.Transport.VFIO_USER));
        assertThat(Described.net("socket=/tmp/a,transport=vfio-user,doorbells=mapped")
                        .devices()
                        .getFirst()
                        .endpoint()
                        .transport())
                .isEqualTo(EndpointSpec.Transport.VFIO_USER);
        assertThat(Described.net("fd=7,transport=vfio-user,doorbells=trapped")
                        .devices()
                        .getFirst()
                        .endpoint()
                        .transport())
                .isEqualTo(EndpointSpec.Transport.VFIO_USER_TRAPPED);
    }

    @Test
    void whatIsOfAnotherTransportIsRefused() {
        assertThatThrownBy(() -> Described.net("socket=/tmp/a,transport=pci"))
                .hasMessage("--net: key 'transport' is 'pci'; say vhost-user or vfio-user");
        assertThatThrownBy(() -> Described.net("socket=/tmp/a,transport=vfio-user,mode=client"))
                .hasMessage("--net: key 'mode' is client; leave it out: vfio-user clients connect to the card");
        assertThatThrownBy(() -> Described.net("socket=/tmp/a,doorbells=trapped"))
                .hasMessage("--net: key 'doorbells' is of transport=vfio-user; leave it out");
        assertThatThrownBy(() -> Described.net("socket=/tmp/a,transport=vfio-user,doorbells=off"))
                .hasMessage("--net: key 'doorbells' is 'off'; say mapped or trapped");
    }

    @Test
    void aPathTooLongForASocketIsRefused() {
        assertThatThrownBy(() -> Described.net("socket=/tmp/" + "x".repeat(110)))
                .hasMessageContaining("107 bytes");
    }
}
