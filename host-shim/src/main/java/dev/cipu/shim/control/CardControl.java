package dev.cipu.shim.control;

import dev.cipu.shim.assembly.CardAssembly;
import dev.cipu.shim.assembly.CardSpecException;
import dev.cipu.shim.assembly.KeyValues;
import dev.cipu.shim.assembly.ResourceException;
import dev.cipu.shim.control.Answer.Cause;
import dev.cipu.shim.posix.PosixException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does what a request asks of a running card. */
final class CardControl {
    private static final Logger LOG = LoggerFactory.getLogger(CardControl.class);

    private final CardAssembly card;

    CardControl(CardAssembly card) {
        this.card = card;
    }

    /** Never throws: what goes wrong is in the answer. */
    Answer answer(String line) {
        Request request;
        try {
            request = CardLines.read(line);
        } catch (IllegalArgumentException e) {
            return Answer.refused(Cause.USAGE, e);
        }
        try {
            return execute(request);
        } catch (CardSpecException e) {
            return Answer.refused(Cause.USAGE, e);
        } catch (ResourceException | PosixException | UncheckedIOException e) {
            return Answer.refused(Cause.MISSING, e);
        } catch (RuntimeException e) {
            LOG.error("request {} failed", request.verb(), e);
            return Answer.refused(Cause.FAILED, "internal error: " + e + "; the card's log has more");
        }
    }

    private Answer execute(Request request) {
        return switch (request.verb()) {
            case ATTACH -> attach(request);
            case DETACH -> {
                List<DeviceView> gone = views(id(request));
                card.detach(id(request));
                LOG.info("{} was detached", id(request));
                yield Answer.done(gone);
            }
            case DEVICES -> Answer.done(DeviceView.all(card));
            case LINK -> {
                card.link(id(request), Objects.requireNonNull(request.up()));
                yield Answer.done(views(id(request)));
            }
            case ANNOUNCE -> Answer.announced(card.announce(id(request)));
        };
    }

    private Answer attach(Request request) {
        String kind = Objects.requireNonNull(request.kind());
        KeyValues keys = new KeyValues("attach", Objects.requireNonNull(request.keys()));
        String id = card.attach(words -> words.device(kind, keys));
        LOG.info("{} was attached", id);
        return Answer.done(views(id));
    }

    private List<DeviceView> views(String id) {
        return DeviceView.all(card).stream()
                .filter(view -> view.id().equals(id))
                .toList();
    }

    private static String id(Request request) {
        return Objects.requireNonNull(request.id());
    }
}
