# Sets java, which bin/musterd and bin/muster then start; read by both, which have set name, where (JAVA_HOME can be set besides) and code.
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

# A JVM that is too old speaks of options that it does not know, and a unit would try it again and again. What it is, a file beside it
# tells at no cost; of one that has no such file nothing is known.
refuse() {
    priority=
    if [ "$name" = musterd ]; then priority=${JOURNAL_STREAM:+<3>}; fi # what a shell below a unit starts has it too
    echo "$priority$name: $1; Java 17 or newer is needed: install it, or name its folder as JAVA_HOME$where" >&2
    exit "$code"
}
runtime=$(readlink -f "$(command -v "$java")") || refuse "there is no $java"
runtime=${runtime%/bin/java}
version=
if [ -r "$runtime/release" ]; then
    while IFS='=' read -r key value; do
        if [ "$key" = JAVA_VERSION ]; then version=${value#\"}; fi
    done <"$runtime/release"
    version=${version%\"}
elif [ -e "$runtime/lib/rt.jar" ]; then
    version=8
fi
major=${version%%[!0-9]*}
if [ "${major:-17}" -lt 17 ]; then refuse "$runtime/bin/java is Java $version"; fi

