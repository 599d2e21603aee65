# One disk, everything that a guest does with it: edges, verified I/O, a file system, discard and write-zeroes. Destroys its content.
disk=/dev/vda
queue=/sys/block/vda/queue
check disk until_true 20 '[ -b /dev/vda ]' || finish
sectors=$(cat /sys/block/vda/size)
result "sectors=$sectors queues=$(ls /sys/block/vda/mq | wc -l) serial=$(cat /sys/block/vda/serial)"

last_sector() {
  dd if=/dev/urandom of=/tmp/sector bs=512 count=1 2>/dev/null
  dd if=/tmp/sector of=$disk bs=512 seek=$((sectors - 1)) oflag=direct && drop_caches &&
    dd if=$disk bs=512 skip=$((sectors - 1)) iflag=direct 2>/dev/null | cmp - /tmp/sector
}
check last-sector last_sector

check fio-verify fio --minimal --name=v --filename=$disk --offset=16M --size=24M --rw=randwrite --bsrange=512-128k --blockalign=512 \
  --ioengine=libaio --iodepth=16 --direct=1 --verify=crc32c --do_verify=1 --verify_fatal=1
check fio-two-jobs fio --minimal --direct=1 --filename=$disk --rw=randwrite --bs=4k --ioengine=libaio --iodepth=32 \
  --verify=crc32c --verify_fatal=1 --name=a --offset=64M --size=6M --name=b --offset=96M --size=6M
check fio-large fio --minimal --name=l --filename=$disk --offset=128M --size=24M --rw=write --bs=1M --ioengine=libaio --iodepth=8 \
  --direct=1 --verify=crc32c --verify_fatal=1

dd if=/dev/urandom of=/tmp/pattern bs=64k count=64 2>/dev/null
fill() {
  cp -a /bin /mnt/ && cp /tmp/pattern /mnt/pattern && mkdir /mnt/many || return 1
  i=0
  while [ $i -lt 200 ]; do
    echo $i >/mnt/many/$i || return 1
    i=$((i + 1))
  done
  sync
}
reread() {
  mount -t ext4 -o ro $disk /mnt && cmp /mnt/pattern /tmp/pattern
}
check mkfs mkfs.ext4 -F -q $disk
check mount mount -t ext4 -o discard $disk /mnt
check fill fill
rm -rf /mnt/many
check fstrim fstrim -v /mnt
check umount umount /mnt
drop_caches
check fsck e2fsck -f -n $disk
check reread reread
umount /mnt

write_pattern() {
  dd if=/tmp/pattern of=$disk bs=64k seek=16 conv=fsync
}
zeroes() {
  drop_caches
  [ "$(dd if=$disk bs=64k skip=16 count=64 2>/dev/null | tr -d '\000' | wc -c)" = 0 ]
}
wipe() {
  dd if=/dev/zero of=$disk bs=1M count=1 conv=fsync
}
check wipe wipe
write_pattern 2>/dev/null
check discard blkdiscard -o 1048576 -l 4194304 $disk
check discard-zeroes zeroes
write_pattern 2>/dev/null
check write-zeroes blkdiscard -z -o 1048576 -l 4194304 $disk
check write-zeroes-content zeroes
check no-errors sh -c '! dmesg | grep -E "I/O error|blocked for"'
finish
