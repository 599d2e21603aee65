# Each cycle: a disk appears, is written and read back; then it is pulled, idle on odd cycles and under load on even ones.
dd if=/dev/urandom of=/tmp/pattern bs=64k count=16 2>/dev/null
round_trip() {
  dd if=/tmp/pattern of=/dev/vda bs=64k conv=fsync && drop_caches && dd if=/dev/vda bs=64k count=16 2>/dev/null | cmp - /tmp/pattern
}
cycle=1
while [ $cycle -le "$CYCLES" ]; do
  result "want-disk-$cycle"
  check cycle$cycle-appears until_true 30 '[ -b /dev/vda ]' || finish
  check cycle$cycle-io round_trip
  if [ $((cycle % 2)) = 0 ]; then
    fio --minimal --name=h --filename=/dev/vda --rw=randrw --bs=4k --iodepth=16 --ioengine=libaio --direct=1 --time_based \
      --runtime=60 >/dev/null 2>&1 &
    sleep 1
  fi
  result "pull-disk-$cycle"
  check cycle$cycle-disappears until_true 30 '[ ! -e /sys/block/vda ]'
  wait
  cycle=$((cycle + 1))
done
# QEMU tells the host that a device is gone a moment after the guest has let go of it, and not at all once the guest is off.
sleep 3
finish
