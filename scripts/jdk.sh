# shellcheck shell=sh
# Sourced by ./cipu, ./check and the scripts. Finds a JDK 25 and tells where things are.
#
# jdk_find   sets and exports JAVA_HOME, or returns 3 after saying where it looked. Starts no program in the usual case.
# jdk_maven  exports what Maven must run with, or returns 3 when there is no mvn.
# CIPU_CACHE the folder for everything that is downloaded or built from downloads.

jdk_wanted=25
CIPU_CACHE=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/cipu

# jdk_fits DIR: DIR is a whole JDK (it has a compiler) of the wanted feature release. Its release file says so.
jdk_fits() {
  [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  while IFS= read -r jdk_line; do
    case $jdk_line in
      JAVA_VERSION=\"$jdk_wanted\" | JAVA_VERSION=\"$jdk_wanted[.+-]*) return 0 ;;
    esac
  done <"$1/release"
  return 1
}

jdk_find() {
  if [ -n "${JAVA_HOME:-}" ] && jdk_fits "$JAVA_HOME"; then
    export JAVA_HOME
    return 0
  fi
  if jdk_java=$(command -v java); then
    jdk_java=$(readlink -f "$jdk_java" || echo "$jdk_java")
    jdk_dir=${jdk_java%/bin/java}
    if jdk_fits "$jdk_dir"; then
      export JAVA_HOME="$jdk_dir"
      return 0
    fi
  fi
  for jdk_dir in /usr/lib/jvm/* /opt/*jdk* /opt/java/* /usr/java/* /usr/local/*jdk* \
    "${SDKMAN_DIR:-${HOME:-}/.sdkman}"/candidates/java/* "${ASDF_DATA_DIR:-${HOME:-}/.asdf}"/installs/java/* \
    "${MISE_DATA_DIR:-${XDG_DATA_HOME:-${HOME:-}/.local/share}/mise}"/installs/java/* \
    "${JENV_ROOT:-${HOME:-}/.jenv}"/versions/* "${HOME:-}"/.jdks/*; do
    if jdk_fits "$jdk_dir"; then
      export JAVA_HOME="$jdk_dir"
      return 0
    fi
  done
  cat >&2 <<MESSAGE
cipu: no JDK $jdk_wanted was found. Install one (any vendor, with javac) and set JAVA_HOME to it, or put its java on the PATH.
cipu: looked at JAVA_HOME (${JAVA_HOME:-not set}), PATH (${jdk_java:-no java}), /usr/lib/jvm, /opt, SDKMAN, asdf, mise, jenv and ~/.jdks.
MESSAGE
  return 3
}

jdk_maven() {
  command -v mvn >/dev/null || {
    echo "cipu: no mvn on the PATH: Maven 3.8.7 or newer builds this project (Debian: apt-get install maven)." >&2
    return 3
  }
  MAVEN_OPTS="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -XX:+UseSerialGC -XX:TieredStopAtLevel=1 ${MAVEN_OPTS:-}"
  export MAVEN_OPTS
}
