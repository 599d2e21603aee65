# shellcheck shell=sh
# Sourced by the scripts that fetch Debian packages. They install nothing: apt runs on a state of its own in the cache folder,
# which needs no root and does not see what is installed here. Signatures are checked with Debian's own keyring.
#
# debian_mirror            sets DEBIAN_MIRROR and DEBIAN_SECURITY, taken from this machine's apt configuration
# debian_apt DIR SUITE...  makes the state below DIR; then: debian_get ARGS... is apt-get on it, debian_cache ARGS... apt-cache
# debian_unpack DIR ROOT   unpacks every fetched package below ROOT
#
# debian_arch says whose packages they are: amd64 unless it is set otherwise.

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

debian_addresses() {
  sed -n 's/^URIs:[[:space:]]*//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | tr ' ' '\n'
  sed -nE 's/^deb[[:space:]]+(\[[^]]*\][[:space:]]*)?([^[:space:]]+).*/\2/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/debian*.list 2>/dev/null
}

debian_mirror() {
  for address in $(debian_addresses); do
    case $address in
      *-security*) DEBIAN_SECURITY=${DEBIAN_SECURITY:-${address%/}} ;;
      *) DEBIAN_MIRROR=${DEBIAN_MIRROR:-${address%/}} ;;
    esac
  done
  if [ -z "${DEBIAN_MIRROR:-}" ]; then
    echo "no Debian mirror in this machine's apt configuration: set DEBIAN_MIRROR" >&2
    return 1
  fi
  DEBIAN_SECURITY=${DEBIAN_SECURITY:-$DEBIAN_MIRROR-security}
}

debian_apt() {
  debian_state=$1
  shift
  mkdir -p "$debian_state/lists/partial" "$debian_state/archives/partial"
  : >"$debian_state/status"
  for suite; do
    case $suite in
      *-security) address=$DEBIAN_SECURITY ;;
      *) address=$DEBIAN_MIRROR ;;
    esac
    echo "deb [signed-by=$debian_keyring] $address $suite main"
    echo "deb-src [signed-by=$debian_keyring] $address $suite main"
  done >"$debian_state/sources.list"
}

debian_run() {
  program=$1
  shift
  "$program" -q -oAPT::Architecture="${debian_arch:-amd64}" -oAPT::Architectures::="${debian_arch:-amd64}" -oAPT::Install-Recommends=0 \
    -oDir::Etc::SourceList="$debian_state/sources.list" -oDir::Etc::SourceParts=/dev/null \
    -oDir::Etc::PreferencesParts=/dev/null -oDir::State="$debian_state" -oDir::State::status="$debian_state/status" \
    -oDir::Cache="$debian_state" -oAcquire::Languages=none -oAcquire::Retries=3 -oDPkg::Lock::Timeout=600 \
    -oAPT::Sandbox::User="$(id -un)" "$@"
}

debian_get() {
  debian_run apt-get "$@"
}

debian_cache() {
  debian_run apt-cache "$@"
}

debian_unpack() {
  for deb in "$1"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$2" --keep-directory-symlink --no-same-owner
  done
}
