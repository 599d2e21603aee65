package dev.cipu.shim.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be said of an interface of the host. */
class TapKeysTest {
    private static TapSpec tap(String keys) {
        return new CardSpecBuilder()
                .tap(KeyValues.parse("--tap", keys))
                .build()
                .taps()
                .getFirst();
    }

    @Test
    void aTapHasTheNameOfItsInterfaceAndANamespaceByNameOrPath() {
        assertThat(tap("name=eth0,netns=web,addr=10.0.0.2/24,mac=02:00:00:00:00:0A,mtu=1400"))
                .isEqualTo(new TapSpec(
                        "tap0",
                        "eth0",
                        "sw0",
                        Path.of("/run/netns/web"),
                        "02:00:00:00:00:0a",
                        new InterfaceAddress(0x0a000002, 24),
                        1400));
        assertThat(tap("id=front,netns=/proc/7/ns/net"))
                .returns("front", TapSpec::name)
                .returns(Path.of("/proc/7/ns/net"), TapSpec::namespace)
                .returns(null, TapSpec::address);
        assertThat(tap("name=eth0,netns=a").mac())
                .isNotEqualTo(tap("name=eth0,netns=b").mac());
        assertThat(tap("mac=02:00:00:00:01:0a").macNumber()).isEqualTo(0x02000000010aL);
        assertThat(new InterfaceAddress(0x0a000002, 24).mask()).isEqualTo(0xffffff00);
        assertThat(new InterfaceAddress(0x0a000002, 0).mask()).isZero();
        assertThat(new InterfaceAddress(0xc0a84d02, 32)).hasToString("192.168.77.2/32");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            name=an-interface-too-long | use up to 15
            name=a/b                   | use up to 15
            addr=10.0.0.2              | write for example 10.0.0.2/24
            addr=10.0.0/8              | write for example
            addr=10.0.0.256/8          | write for example
            addr=10.0.0.2/33           | write for example
            addr=10.0.0.x/8            | write for example
            mtu=20                     | give a number from 68
            socket=/x                  | unknown key 'socket'
            """)
    void aWrongTapIsToldWhatIsWrong(String keys, String message) {
        assertThatThrownBy(() -> tap(keys))
                .isInstanceOf(CardSpecException.class)
                .hasMessageContaining(message);
    }
}
