package org.muster.agent;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Tags;
import org.junit.jupiter.api.Test;

/** The directions of docs/architecture.md. */
class ArchitectureTest {
    private static final String ROOT = "org.muster.agent";

    /** What each package of the agent may use of the others; lifecycle may use all, and nobody lifecycle. */
    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
            Map.entry("config", Set.of()),
            Map.entry("journal", Set.of()),
            Map.entry("domain", Set.of()),
            Map.entry("tls", Set.of()),
            Map.entry("logging", Set.of()),
            Map.entry("rpc", Set.of("tls", "logging")),
            Map.entry("payload", Set.of()),
            Map.entry("metrics", Set.of()),
            Map.entry("ops", Set.of("create", "domain", "metrics")),
            Map.entry("create", Set.of("domain", "journal", "logging", "metrics", "payload")),
            Map.entry("host", Set.of("domain")),
            Map.entry("guest", Set.of("domain")),
            Map.entry("upkeep", Set.of("domain")),
            Map.entry("factors", Set.of()),
            Map.entry("profile", Set.of()),
            Map.entry("calibrate", Set.of()),
            Map.entry("stats", Set.of("domain", "guest", "upkeep")),
            Map.entry("selfcheck", Set.of("config", "tls")),
            Map.entry("simulation", Set.of("config")),
            Map.entry(
                    "verbs",
                    Set.of("rpc", "create", "domain", "stats", "host", "factors", "metrics", "profile", "calibrate")));

    private static final JavaClasses MAIN =
            new ClassFileImporter(List.of(new ImportOption.DoNotIncludeTests())).importPackages(ROOT);

    @Test
    void packagesUseOnlyWhatTheyMay() {
        MAY_USE.forEach((name, allowed) -> {
            Set<String> forbidden = new TreeSet<>(packages());
            forbidden.removeAll(allowed);
            forbidden.remove(name);
            noClasses()
                    .that()
                    .resideInAPackage(ROOT + "." + name + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(forbidden.stream()
                            .map(other -> ROOT + "." + other + "..")
                            .toArray(String[]::new))
                    .check(MAIN);
        });
    }

    @Test
    void everyPackageHasItsRule() {
        Set<String> ruled = new TreeSet<>(MAY_USE.keySet());
        ruled.add("lifecycle");

        assertThat(packages()).isEqualTo(ruled);
    }

    private static Set<String> packages() {
        Set<String> names = new TreeSet<>();
        for (JavaClass type : MAIN.that(resideInAPackage(ROOT + ".*.."))) {
            names.add(type.getPackageName().substring(ROOT.length() + 1).replaceFirst("\\..*", ""));
        }
        return names;
    }

    @Test
    void thereAreNoCycles() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(MAIN);
    }

    @Test
    void nettyStaysInRpcAndOps() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + ".rpc..", ROOT + ".ops..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty..")
                .check(MAIN);
    }

    @Test
    void libvirtsBindingStaysInTheAdapter() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.libvirt..", "com.sun.jna..")
                .check(MAIN);
    }

    @Test
    void samplingIsKnownOnlyWhereItIsPluggedIn() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + ".stats..", ROOT + ".ops..", ROOT + ".lifecycle..", ROOT + ".config..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.muster.sampling..")
                .check(MAIN);
    }

    @Test
    void theLibvirtPortIsUnknownToWireJournalAndConfiguration() {
        noClasses()
                .that()
                .resideInAnyPackage(ROOT + ".rpc..", ROOT + ".journal..", ROOT + ".config..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.muster.libvirt..")
                .check(MAIN);
    }

    /** The gate counts the tests on real QEMU by the name of their class. */
    @Test
    void testsOnRealQemuAreKnownByTheirName() {
        JavaClasses tests =
                new ClassFileImporter(List.of(new ImportOption.OnlyIncludeTests())).importPackages("org.muster");
        List<String> wrong = new ArrayList<>();
        int seen = 0;
        for (JavaClass type : tests) {
            boolean named = type.getSimpleName().endsWith("QemuTest");
            seen += named ? 1 : 0;
            if (named != tagged(type)) {
                wrong.add(type.getName() + (named ? " lacks" : " carries") + " the tag qemu");
            }
        }

        assertThat(wrong).isEmpty();
        assertThat(tests).hasSizeGreaterThan(20);
        assertThat(seen).as("the rig's own test at least is on the class path").isPositive();
    }

    private static boolean tagged(JavaClass type) {
        boolean one = type.tryGetAnnotationOfType(Tag.class)
                .filter(tag -> tag.value().equals("qemu"))
                .isPresent();
        boolean several = type.tryGetAnnotationOfType(Tags.class)
                .filter(tags -> List.of(tags.value()).stream()
                        .anyMatch(tag -> tag.value().equals("qemu")))
                .isPresent();
        return one || several;
    }
}
