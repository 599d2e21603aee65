#!/bin/sh
# metal-disk.sh: disks that whole machines boot from, in ${XDG_CACHE_HOME:-~/.cache}/cipu/metal.
#   amd64.img  for a PC, with BIOS or UEFI
#   arm64.img  with UEFI
# Each has a partition table of the old kind, GRUB, a FAT partition (the UEFI system partition, with kernel and first file
# system) and an ext4 partition with the system, busybox. No loop device and no root are needed. It prints the folder.
# scripts/trixie-tree.sh must have run: GRUB and mtools are there.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/jdk.sh"
. "$here/debian.sh"

out=$CIPU_CACHE/metal
tree=$CIPU_CACHE/trixie
version=$(cat "$0" "$here/debian.sh" "$here"/metal/* | cksum)
if [ -r "$out/version" ] && [ "$(cat "$out/version")" = "$version" ]; then
  echo "$out"
  exit 0
fi
[ -x "$tree/exec" ] || {
  echo "$tree is not here: run scripts/trixie-tree.sh first" >&2
  exit 1
}

debian_mirror
mkdir -p "$CIPU_CACHE"
work=$(mktemp -d "$CIPU_CACHE/metal-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export PATH="$PATH:/usr/sbin:/sbin"
export MTOOLS_SKIP_CHECK=1

sector=512
boot_at=2048
boot_sectors=131072
root_at=$((boot_at + boot_sectors))
root_sectors=65536
modules="virtio_pci virtio_blk virtio_net crc32c_generic crc32c-intel ext4"

# fetch ARCH: the packages of a machine, unpacked in $sys.
fetch() {
  debian_arch=$1
  debian_apt "$CIPU_CACHE/apt-metal-$1" bookworm bookworm-security
  debian_get update
  kernel=$(debian_cache show "linux-image-cloud-$1" | awk -F'[ ,(]+' '/^Depends:/ && !n++ {print $2}')
  packages="$kernel busybox-static"
  [ "$1" = amd64 ] || packages="$packages grub-efi-$1-bin"
  mkdir "$work/$1"
  # shellcheck disable=SC2086
  (cd "$work/$1" && debian_get download $packages)
  sys=$work/$1/sys
  mkdir "$sys"
  for deb in "$work/$1"/*.deb; do
    dpkg-deb -x "$deb" "$sys"
  done
  kv=$(basename "$sys"/lib/modules/*)
  depmod -b "$sys" "$kv"
}

# busybox_in FOLDER: the other machine's busybox cannot be asked for its names, but it has the same as ours.
busybox_in() {
  mkdir -p "$1/bin" "$1/sbin" "$1/etc" "$1/proc" "$1/sys" "$1/dev"
  cp "$sys/bin/busybox" "$1/bin/"
  "$work/amd64/sys/bin/busybox" --list | while read -r applet; do
    [ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
  done
}

first_file_system() {
  first=$work/$1/first
  busybox_in "$first"
  install -m 755 "$here/metal/start" "$first/init"
  printf '%s\n' $modules >"$first/modules"
  mkdir -p "$first/lib/modules/$kv"
  for module in $modules; do
    modprobe -S "$kv" -d "$sys" --show-depends "$module" 2>/dev/null || echo "no module $module in $kv" >&2
  done | awk '$1 == "insmod" {print $2}' | sort -u | while read -r file; do
    inside=${file#"$sys"}
    mkdir -p "$first${inside%/*}"
    cp "$file" "$first$inside"
  done
  cp "$sys/lib/modules/$kv"/modules.builtin "$sys/lib/modules/$kv"/modules.builtin.modinfo \
    "$sys/lib/modules/$kv"/modules.order "$first/lib/modules/$kv/"
  depmod -b "$first" "$kv"
  (cd "$first" && find . | LC_ALL=C sort | cpio -o -H newc --quiet --reproducible -R 0:0)
}

root_file_system() {
  root=$work/$1/root
  busybox_in "$root"
  install -m 755 "$here/metal/system" "$root/sbin/init"
  echo cipu-image-1 >"$root/etc/image"
  mke2fs -q -t ext4 -O ^metadata_csum,^inline_data -E root_owner=0:0 -d "$root" "$work/$1/root.ext4" \
    $((root_sectors * sector / 1024))k
}

le32() {
  printf "\\$(printf %03o $(($1 & 255)))\\$(printf %03o $(($1 >> 8 & 255)))"
  printf "\\$(printf %03o $(($1 >> 16 & 255)))\\$(printf %03o $(($1 >> 24 & 255)))"
}

# partition ACTIVE TYPE FIRST SECTORS: an entry of the table; addresses by cylinder are out of use.
partition() {
  printf "\\$1\\376\\377\\377\\$2\\376\\377\\377"
  le32 "$3"
  le32 "$4"
}

# disk ARCH CONSOLE: partition table, boot partition and root partition; GRUB follows.
disk() {
  image=$work/out/$1.img
  boot=$image@@$((boot_at * sector))
  truncate -s $(((root_at + root_sectors) * sector)) "$image"
  {
    partition 200 357 $boot_at $boot_sectors
    partition 000 203 $root_at $root_sectors
    head -c 32 /dev/zero
    printf '\125\252'
  } | dd of="$image" bs=1 seek=446 conv=notrunc status=none
  "$tree/exec" mformat -i "$boot" -T $boot_sectors -h 255 -s 63 -H $boot_at -v CIPU ::
  "$tree/exec" mmd -i "$boot" ::/EFI ::/EFI/BOOT ::/boot ::/boot/grub
  sed "s|KERNEL|$2|" "$here/metal/grub.cfg" >"$work/$1/grub.cfg"
  "$tree/exec" mcopy -i "$boot" "$work/$1/grub.cfg" ::/boot/grub/grub.cfg
  "$tree/exec" mcopy -i "$boot" "$sys/boot/vmlinuz-$kv" ::/vmlinuz
  first_file_system "$1" >"$work/$1/initrd"
  "$tree/exec" mcopy -i "$boot" "$work/$1/initrd" ::/initrd
  root_file_system "$1"
  dd if="$work/$1/root.ext4" of="$image" bs=$sector seek=$root_at conv=notrunc,sparse status=none
}

grub_modules="part_msdos fat normal configfile linux echo test"

# grub_efi ARCH FORMAT NAME MODULES: GRUB as the program that UEFI starts from a disk it knows nothing else of.
grub_efi() {
  # shellcheck disable=SC2086
  "$tree/exec" grub-mkimage -d "$4" -O "$2" -p /boot/grub -o "$work/$1/$3" $grub_modules
  "$tree/exec" mcopy -i "$boot" "$work/$1/$3" "::/EFI/BOOT/$3"
}

# grub_bios: GRUB in the sectors in front of the first partition, where its boot sector looks for it when nobody tells it otherwise.
grub_bios() {
  grub=$tree/usr/lib/grub/i386-pc
  # shellcheck disable=SC2086
  "$tree/exec" grub-mkimage -d "$grub" -O i386-pc -p '(hd0,msdos1)/boot/grub' -o "$work/core.img" biosdisk serial $grub_modules
  [ "$(stat -c %s "$work/core.img")" -lt $(((boot_at - 1) * sector)) ]
  dd if="$grub/boot.img" of="$image" bs=1 count=440 conv=notrunc status=none
  dd if="$work/core.img" of="$image" bs=$sector seek=1 conv=notrunc status=none
}

mkdir "$work/out"
{
  echo "amd64"
  fetch amd64
  disk amd64 "console=ttyS0 lpj=1000000 tsc=reliable no_timer_check"
  grub_efi amd64 x86_64-efi BOOTX64.EFI "$tree/usr/lib/grub/x86_64-efi"
  grub_bios
  echo "arm64"
  fetch arm64
  disk arm64 "console=ttyAMA0"
  grub_efi arm64 arm64-efi BOOTAA64.EFI "$sys/usr/lib/grub/arm64-efi"
} >&2
printf '%s\n' "$version" >"$work/out/version"
rm -rf "$out"
mv "$work/out" "$out"
echo "$out"
