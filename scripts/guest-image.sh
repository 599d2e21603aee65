#!/bin/sh
# guest-image.sh: a small Linux guest for the peer tests, made of Debian packages, in ${XDG_CACHE_HOME:-~/.cache}/cipu/guest.
#   vmlinuz    Debian's cloud kernel
#   base.cpio  busybox, the kernel modules, /init: for a guest that only boots
#   full.cpio  and fio, load, iperf3, ethtool, ip, ping, lspci, e2fsprogs, blkdiscard, fstrim
# It prints the folder. Nothing is done when the image of this very script is there. The images are not compressed: QEMU loads
# them at once, and unpacking under emulation would cost more.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/jdk.sh"
. "$here/debian.sh"

suite=bookworm
packages="busybox-static iperf3 ethtool iproute2 util-linux e2fsprogs iputils-ping pciutils"
tools="iperf3 ethtool ip ping blkdiscard fstrim mke2fs:mkfs.ext4 e2fsck lspci"

out=$CIPU_CACHE/guest
version=$(cat "$0" "$here/debian.sh" "$here"/guest/* | cksum)
if [ -r "$out/version" ] && [ "$(cat "$out/version")" = "$version" ]; then
  echo "$out"
  exit 0
fi

debian_mirror
mkdir -p "$CIPU_CACHE"
work=$(mktemp -d "$CIPU_CACHE/guest-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
debian_apt "$CIPU_CACHE/apt-$suite" "$suite" "$suite-security"

echo "fetching packages" >&2
debian_get update >&2
debian_get autoclean >&2
# shellcheck disable=SC2086
debian_get install -y --download-only $packages >&2
kernel=$(debian_cache show linux-image-cloud-amd64 | awk -F'[ ,(]+' '/^Depends:/ && !n++ {print $2}')
(cd "$work" && debian_get download "$kernel" libaio-dev && debian_get source --download-only fio) >&2

echo "unpacking" >&2
sys=$work/sys
mkdir "$sys"
debian_unpack "$debian_state" "$sys"
for deb in "$work"/*.deb; do
  dpkg-deb -x "$deb" "$sys"
done
kv=$(basename "$sys"/lib/modules/*)
depmod -b "$sys" "$kv"

echo "building fio" >&2
# Debian's fio pulls in Ceph and Gluster, 100 MB in the guest: the same sources, built static and plain.
mkdir "$work/fio"
tar xf "$work"/fio_*.orig.tar.[gx]z -C "$work/fio" --strip-components=1
(
  cd "$work/fio"
  ./configure --cc="gcc -I$sys/usr/include -L$sys/usr/lib/x86_64-linux-gnu" --build-static --disable-native --disable-numa \
    --disable-rdma --disable-rados --disable-rbd --disable-gfapi --disable-http --disable-pmem --disable-libzbc \
    --disable-tcmalloc --disable-libnfs --disable-dfs
  make -j"$(nproc)" fio
  strip fio
) >&2

# The load of the overhead report.
gcc -O2 -static -o "$work/load" "$here/guest/load.c"
strip "$work/load"

echo "making the images" >&2
base=$work/base
mkdir -p "$base/bin" "$base/lib/modules/$kv" "$base/cipu"
cp "$sys/bin/busybox" "$base/bin/"
"$base/bin/busybox" --list | while read -r applet; do
  [ "$applet" = busybox ] || ln -s busybox "$base/bin/$applet"
done
install -m 755 "$here/guest/init" "$base/init"
cp "$here/guest/lib.sh" "$here/guest/modules" "$base/cipu/"
while read -r module _; do
  modprobe -S "$kv" -d "$sys" --show-depends "$module"
done <"$here/guest/modules" | awk '$1 == "insmod" {print $2}' | sort -u | while read -r file; do
  inside=${file#"$sys"}
  mkdir -p "$base${inside%/*}"
  cp "$file" "$base$inside"
done
cp "$sys/lib/modules/$kv"/modules.builtin "$sys/lib/modules/$kv"/modules.builtin.modinfo "$sys/lib/modules/$kv"/modules.order \
  "$base/lib/modules/$kv/"
depmod -b "$base" "$kv"

# The tools come with the libraries that their own dynamic linker finds in the unpacked tree, all in one folder.
full=$work/full
libs=lib/x86_64-linux-gnu
mkdir -p "$full/usr/sbin" "$full/$libs" "$full/lib64" "$full/etc"
loader=$sys/lib64/ld-linux-x86-64.so.2
[ -e "$loader" ] || loader=$sys/$libs/ld-linux-x86-64.so.2
for tool in $tools; do
  file=$(find "$sys/bin" "$sys/sbin" "$sys/usr/bin" "$sys/usr/sbin" -name "${tool%%:*}" | head -n 1)
  cp -L "$file" "$full/usr/sbin/${tool##*:}"
  "$loader" --library-path "$sys/$libs:$sys/usr/$libs" --list "$file" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' |
    while read -r lib; do
      cp -L "$lib" "$full/$libs/"
    done
done
cp -L "$loader" "$full/lib64/ld-linux-x86-64.so.2"
cp "$work/fio/fio" "$work/load" "$full/usr/sbin/"
cp -L "$sys/etc/mke2fs.conf" "$full/etc/"
mkdir -p "$full/usr/share/misc"
cp -L "$sys/usr/share/misc/pci.ids" "$full/usr/share/misc/"

pack() {
  (cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc --quiet --reproducible -R 0:0)
}
mkdir "$work/out"
cp "$sys/boot/vmlinuz-$kv" "$work/out/vmlinuz"
pack "$base" >"$work/out/base.cpio"
{
  cat "$work/out/base.cpio"
  pack "$full"
} >"$work/out/full.cpio"
printf '%s\n' "$version" >"$work/out/version"
rm -rf "$out"
mv "$work/out" "$out"
echo "$out"
