# Each cycle: a disk and a network appear; the disk is written and read back, the network, whose frames all come back, is heard.
dd if=/dev/urandom of=/tmp/pattern bs=64k count=16 2>/dev/null
round_trip() {
  dd if=/tmp/pattern of=/dev/vda bs=64k conv=fsync && drop_caches && dd if=/dev/vda bs=64k count=16 2>/dev/null | cmp - /tmp/pattern
}
heard() {
  ip link set eth0 up && ip addr add 192.168.77.1/24 dev eth0
  ping -c 2 -W 1 192.168.77.9 >/dev/null 2>&1
  [ "$(cat /sys/class/net/eth0/statistics/rx_packets)" -gt 0 ]
}
cycle=1
while [ $cycle -le "$CYCLES" ]; do
  result "want-devices-$cycle"
  check cycle$cycle-disk until_true 30 '[ -b /dev/vda ]' || finish
  check cycle$cycle-network until_true 30 '[ -e /sys/class/net/eth0 ]' || finish
  check cycle$cycle-io round_trip
  check cycle$cycle-frames heard
  result "pull-devices-$cycle"
  check cycle$cycle-disk-gone until_true 30 '[ ! -e /sys/block/vda ]'
  check cycle$cycle-network-gone until_true 30 '[ ! -e /sys/class/net/eth0 ]'
  cycle=$((cycle + 1))
done
# QEMU tells the host that a device is gone a moment after the guest has let go of it, and not at all once the guest is off.
sleep 3
finish
