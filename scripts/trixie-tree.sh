#!/bin/sh
# trixie-tree.sh: a Debian 13 tree with QEMU from its backports (amd64 and arm64 machines, and their firmware), qemu-io/qemu-img
# with libblkio, and what bootable disks are made with (GRUB, mtools), in ${XDG_CACHE_HOME:-~/.cache}/cipu/trixie. TREE/exec PROGRAM ARGS... runs a program of it through the tree's own dynamic
# linker: no chroot, no root, and every path of the host keeps its meaning. It prints the folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/jdk.sh"
. "$here/debian.sh"

out=$CIPU_CACHE/trixie
version=$(cat "$0" "$here/debian.sh" | cksum)
if [ -r "$out/version" ] && [ "$(cat "$out/version")" = "$version" ]; then
  echo "$out"
  exit 0
fi

debian_mirror
mkdir -p "$CIPU_CACHE"
work=$(mktemp -d "$CIPU_CACHE/trixie-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
debian_apt "$CIPU_CACHE/apt-trixie" trixie trixie-backports trixie-security

echo "fetching packages" >&2
debian_get update >&2
debian_get autoclean >&2
debian_get install -y --download-only -t trixie-backports qemu-system-x86 qemu-system-arm qemu-utils qemu-block-extra libblkio1 \
  ovmf qemu-efi-aarch64 mtools >&2
debian_get install -y --download-only grub-common grub-pc-bin grub-efi-amd64-bin >&2

echo "unpacking" >&2
tree=$work/tree
for folder in bin sbin lib lib64; do
  mkdir -p "$tree/usr/$folder"
  ln -s "usr/$folder" "$tree/$folder"
done
debian_unpack "$debian_state" "$tree"
# 64 MiB each, and nothing here is signed
rm -f "$tree"/usr/share/AAVMF/*.secboot* "$tree"/usr/share/AAVMF/*.ms.* "$tree"/usr/share/AAVMF/*.snakeoil.*

cat >"$tree/exec" <<'RUN'
#!/bin/sh
# exec PROGRAM ARGS...: runs a program of this tree.
tree=$(dirname "$(realpath "$0")")
libs=$tree/usr/lib/x86_64-linux-gnu
program=$tree/usr/bin/$1
case $1 in
  qemu-system-*)
    shift
    set -- -L "$tree/usr/share/qemu" -L "$tree/usr/share/seabios" "$@"
    ;;
  *) shift ;;
esac
QEMU_MODULE_DIR=$libs/qemu
export QEMU_MODULE_DIR
exec "$tree/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libs:$libs/pulseaudio" "$program" "$@"
RUN
chmod +x "$tree/exec"
"$tree/exec" qemu-system-x86_64 --version >&2
"$tree/exec" qemu-system-aarch64 --version >&2
"$tree/exec" qemu-img --version >&2
"$tree/exec" mcopy --version >&2
printf '%s\n' "$version" >"$tree/version"
rm -rf "$out"
mv "$tree" "$out"
echo "$out"
