#!/bin/sh
# zoned-guest.sh: what a guest needs to use zoned disks, in ${XDG_CACHE_HOME:-~/.cache}/cipu/zoned. The kernel of the guest
# image (scripts/guest-image.sh) is too old for them: virtio-blk learned zones in Linux 6.3.
#   vmlinuz   Debian 13's cloud kernel
#   more.cpio its modules, and blkzone with the libraries it wants: loaded behind full.cpio of the guest image
# It prints the folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/jdk.sh"
. "$here/debian.sh"

out=$CIPU_CACHE/zoned
version=$(cat "$0" "$here/debian.sh" "$here/guest/modules" | cksum)
if [ -r "$out/version" ] && [ "$(cat "$out/version")" = "$version" ]; then
  echo "$out"
  exit 0
fi

debian_mirror
mkdir -p "$CIPU_CACHE"
work=$(mktemp -d "$CIPU_CACHE/zoned-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
debian_apt "$CIPU_CACHE/apt-zoned" trixie trixie-security

echo "fetching packages" >&2
debian_get update >&2
debian_get autoclean >&2
debian_get install -y --download-only util-linux >&2
kernel=$(debian_cache show linux-image-cloud-amd64 | awk -F'[ ,(]+' '/^Depends:/ && !n++ {print $2}')
(cd "$work" && debian_get download "$kernel") >&2

echo "unpacking" >&2
sys=$work/sys
for folder in bin sbin lib lib64; do
  mkdir -p "$sys/usr/$folder"
  ln -s "usr/$folder" "$sys/$folder"
done
debian_unpack "$debian_state" "$sys"
for deb in "$work"/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$sys" --keep-directory-symlink --no-same-owner
done
kv=$(basename "$sys"/lib/modules/*)
depmod -b "$sys" "$kv"

echo "making the image" >&2
more=$work/more
mkdir -p "$more/lib/modules/$kv" "$more/usr/sbin" "$more/trixie"
while read -r module _; do
  modprobe -S "$kv" -d "$sys" --show-depends "$module" 2>/dev/null || echo "no module $module in $kv" >&2
done <"$here/guest/modules" | awk '$1 == "insmod" {print $2}' | sort -u | while read -r file; do
  inside=${file#"$sys"}
  inside=${inside#/usr}
  mkdir -p "$more${inside%/*}"
  cp "$file" "$more$inside"
done
cp "$sys/lib/modules/$kv"/modules.builtin "$sys/lib/modules/$kv"/modules.builtin.modinfo "$sys/lib/modules/$kv"/modules.order \
  "$more/lib/modules/$kv/"
# the guest's busybox reads plain modules only
find "$more/lib/modules" -name '*.xz' -exec xz -d {} +
depmod -b "$more" "$kv"

# Beside the guest's own libraries, which are older.
libs=lib/x86_64-linux-gnu
loader=$(readlink -f "$sys/lib64/ld-linux-x86-64.so.2")
blkzone=$(find "$sys/usr/sbin" "$sys/usr/bin" -name blkzone | head -n 1)
"$loader" --library-path "$sys/$libs" --list "$blkzone" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | while read -r lib; do
  cp -L "$lib" "$more/trixie/"
done
cp "$loader" "$more/trixie/ld.so"
cp "$blkzone" "$more/trixie/"
cat >"$more/usr/sbin/blkzone" <<'RUN'
#!/bin/sh
exec /trixie/ld.so --library-path /trixie /trixie/blkzone "$@"
RUN
chmod +x "$more/usr/sbin/blkzone"

mkdir "$work/out"
cp "$sys/boot/vmlinuz-$kv" "$work/out/vmlinuz"
(cd "$more" && find . | LC_ALL=C sort | cpio -o -H newc --quiet --reproducible -R 0:0) >"$work/out/more.cpio"
printf '%s\n' "$version" >"$work/out/version"
rm -rf "$out"
mv "$work/out" "$out"
echo "$out"
