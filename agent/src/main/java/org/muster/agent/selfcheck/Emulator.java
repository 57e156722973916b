package org.muster.agent.selfcheck;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Who libvirt runs QEMU as. Stateless. */
final class Emulator {
    private static final Pattern SETTING = Pattern.compile("\\s*(user|group)\\s*=\\s*\"\\+?([^\"]+)\"\\s*(#.*)?");
    private static final List<String> USUAL = List.of("libvirt-qemu", "qemu"); // Debian and Ubuntu; EL and Fedora

    private Emulator() {}

    /** By qemu.conf, else the distribution's user; empty where there is none by name. */
    static Optional<Account> of(HostTree host) {
        Optional<String> user = setting(host, "user");
        Optional<Account> account = user.isPresent()
                ? Account.listed(host, user.get(), false)
                : USUAL.stream()
                        .flatMap(name -> Account.listed(host, name, false).stream())
                        .findFirst();
        return account.map(found -> with(host, found, setting(host, "group")));
    }

    private static Optional<String> setting(HostTree host, String name) {
        return host.lines("etc/libvirt/qemu.conf").stream()
                .map(SETTING::matcher)
                .filter(Matcher::matches)
                .filter(line -> line.group(1).equals(name))
                .map(line -> line.group(2))
                .reduce((first, last) -> last);
    }

    /** libvirt gives QEMU the user's groups and that one. */
    private static Account with(HostTree host, Account account, Optional<String> group) {
        Set<Integer> gids = new HashSet<>(account.gids());
        for (String line : host.lines("etc/group")) {
            String[] fields = line.split(":", -1);
            if (group.isPresent() && fields.length > 2 && fields[0].equals(group.get())) {
                gids.add(Integer.parseInt(fields[2]));
            }
        }
        return new Account(account.name(), account.uid(), Set.copyOf(gids), account.groups(), account.us());
    }
}
