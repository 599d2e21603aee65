package dev.cipu.shim.assembly;

/** Cards as users describe them. */
final class Described {
    private Described() {}

    static CardSpec net(String options) {
        return new CardSpecBuilder().net(KeyValues.parse("--net", options)).build();
    }

    static CardSpec blk(String options) {
        return new CardSpecBuilder().blk(KeyValues.parse("--blk", options)).build();
    }

    static CardSpec yaml(String text) {
        CardSpecBuilder builder = new CardSpecBuilder();
        CardYaml.read("card.yaml", text, builder);
        return builder.build();
    }
}
