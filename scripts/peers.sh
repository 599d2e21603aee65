# shellcheck shell=sh
# Sourced by ./check: other people's programs that the peer tests run against, and huge pages for those that want them.
#
# peers_prepare   installs what is missing when it may, builds the guest image, the newer QEMU and disks to boot from, and sets
#                 PEERS (comma separated, what the tests may use) and PEERS_MISSING (one line each: the peer, and why).
# pages_reserve N adds N huge pages for the run; pages_release gives them back (call it from a trap).

# One line each: the peer's name, a file or program that proves it, the Debian package that brings it.
peers_table() {
  cat <<'TABLE'
testpmd dpdk-testpmd dpdk-dev
qemu qemu-system-x86_64 qemu-system-x86
qemu-utils qemu-storage-daemon qemu-utils
tshark tshark tshark
seabios /usr/share/seabios/bios.bin seabios
chromium chromium chromium
lspci lspci pciutils
TABLE
}

# What building the guest image and the disks to boot from needs: program, package.
guest_tools() {
  cat <<'TABLE'
gcc gcc
make make
pkg-config pkg-config
dpkg-source dpkg-dev
depmod kmod
cpio cpio
readelf binutils
/bin/busybox busybox-static
mke2fs e2fsprogs
/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
TABLE
}

peer_here() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

peer_missing() {
  PEERS_MISSING="$PEERS_MISSING$1: $2
"
}

peers_may_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && command -v dpkg-query >/dev/null &&
    [ -r /etc/os-release ] && grep -Eq '^ID(_LIKE)?=.*debian' /etc/os-release
}

peers_install() {
  lacking=
  while read -r _ proof package; do
    peer_here "$proof" || lacking="$lacking $package"
  done <<TABLE
$(peers_table; guest_tools | sed 's/^/guest /')
TABLE
  [ -n "$lacking" ] || return 0
  peers_may_install || return 0
  echo "check: installing$lacking"
  # shellcheck disable=SC2086
  { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $lacking ||
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $lacking; }; } \
    >"$root/target/peers.log" 2>&1 || echo "check: apt-get failed, see target/peers.log" >&2
}

# peer_build NAME SCRIPT: runs a script that leaves something in the cache folder; at once when it is there already.
peer_build() {
  peer_log=$root/target/$1.log
  if "$root/scripts/$2" >"$peer_log" 2>&1; then
    PEERS="$PEERS,$1"
  else
    peer_missing "$1" "scripts/$2 failed: $(tail -n 1 "$peer_log") (all of it in target/$1.log)"
  fi
}

peers_prepare() {
  PEERS=none
  PEERS_MISSING=
  peers_install
  while read -r name proof package; do
    if peer_here "$proof"; then
      PEERS="$PEERS,$name"
    else
      peer_missing "$name" "$proof is not here (Debian: apt-get install $package)"
    fi
  done <<TABLE
$(peers_table)
TABLE
  lacking=
  while read -r proof package; do
    peer_here "$proof" || lacking="$lacking $package"
  done <<TABLE
$(guest_tools)
TABLE
  if ! command -v apt-get >/dev/null || [ "$(uname -m)" != x86_64 ]; then
    peer_missing guest "the guest image is made from Debian's amd64 packages, and this is no such machine"
    peer_missing qemu11 "it is made from Debian's amd64 packages, and this is no such machine"
    peer_missing zoned "it is made from Debian's amd64 packages, and this is no such machine"
    peer_missing metal "its disks are made on Debian's amd64 alone, and this is no such machine"
  elif [ -n "$lacking" ]; then
    peer_missing guest "its image cannot be built without (Debian: apt-get install$lacking)"
    peer_missing qemu11 "it cannot be unpacked without (Debian: apt-get install$lacking)"
    peer_missing zoned "it cannot be unpacked without (Debian: apt-get install$lacking)"
    peer_missing metal "its disks cannot be built without (Debian: apt-get install$lacking)"
  else
    peer_build guest guest-image.sh
    peer_build qemu11 trixie-tree.sh
    peer_build zoned zoned-guest.sh
    peer_build metal metal-disk.sh
  fi
}

pages_file=/proc/sys/vm/nr_hugepages
pages_before=
pages_mount=

pages_reserve() {
  [ -w $pages_file ] || return 0
  # not with read: it asks byte by byte, and the kernel answers only the first
  pages_before=$(cat $pages_file)
  echo $((pages_before + $1)) >$pages_file 2>/dev/null || :
  pages_now=$(cat $pages_file)
  if [ "$pages_now" -lt $((pages_before + $1)) ]; then
    echo "check: only $((pages_now - pages_before)) of $1 huge pages could be reserved"
  fi
  if ! grep -q ' hugetlbfs ' /proc/mounts; then
    pages_mount=$(mktemp -d "${TMPDIR:-/tmp}/cipu-pages.XXXXXX")
    mount -t hugetlbfs none "$pages_mount" 2>/dev/null || {
      rmdir "$pages_mount"
      pages_mount=
    }
  fi
}

pages_release() {
  if [ -n "$pages_mount" ]; then
    umount "$pages_mount" && rmdir "$pages_mount"
    pages_mount=
  fi
  if [ -n "$pages_before" ]; then
    echo "$pages_before" >$pages_file
    pages_before=
  fi
}
