package org.muster.agent.rpc;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.security.auth.x500.X500Principal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the subject of a certificate may do: found by its whole distinguished name first, then by its common name.
 *
 * <p>Distinguished names are compared as such: case, blanks and the spelling of types do not count, the order does. Common
 * names are compared as they are. Immutable.
 */
final class CertificateRoles {

    private static final Logger LOG = LoggerFactory.getLogger(CertificateRoles.class);

    private final boolean open;
    private final Map<String, Access> byName = new HashMap<>(); // filled once
    private final Map<String, Access> byCommonName = new HashMap<>(); // filled once

    /**
     * @param roles empty: every subject may operate. Errors: {@link IllegalArgumentException} for a key with {@code =} that
     *     is no distinguished name
     */
    CertificateRoles(Optional<Map<String, Access>> roles) {
        open = roles.isEmpty();
        roles.orElse(Map.of()).forEach((subject, access) -> {
            if (subject.contains("=")) {
                byName.put(canonical(new X500Principal(subject)), access);
            } else {
                byCommonName.put(subject, access);
            }
        });
    }

    /** Shape: empty if this subject has no right to be here. */
    Optional<Principal> principal(X500Principal subject) {
        Optional<Access> access = open ? Optional.of(Access.OPERATE) : listed(subject);
        return access.map(granted -> new Principal(Principal.Kind.CERTIFICATE, subject.getName(), granted));
    }

    private Optional<Access> listed(X500Principal subject) {
        Access byWhole = byName.get(canonical(subject));
        if (byWhole != null) {
            return Optional.of(byWhole);
        }
        return commonName(subject).map(byCommonName::get);
    }

    private static String canonical(X500Principal subject) {
        return subject.getName(X500Principal.CANONICAL).toLowerCase(Locale.ROOT);
    }

    private static Optional<String> commonName(X500Principal subject) {
        try {
            List<Rdn> parts = new LdapName(subject.getName()).getRdns();
            for (int i = parts.size() - 1; i >= 0; i--) { // the most specific one is last
                if (parts.get(i).getType().equalsIgnoreCase("CN")) {
                    return Optional.of(parts.get(i).getValue().toString());
                }
            }
        } catch (InvalidNameException e) {
            LOG.warn("the subject {} cannot be taken apart: {}", subject, e.getMessage()); // then it has no common name
        }
        return Optional.empty();
    }
}
