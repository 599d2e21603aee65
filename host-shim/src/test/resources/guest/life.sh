# What happens to functions of the card on a guest's bus, while a disk beside them (vda) is written and verified all the time: they
# come and go, their cable is pulled, the disk grows, the machine stops, sleeps, and at last one is pulled without a word.
check kept-disk until_true 20 '[ -b /dev/vda ]' || finish
neighbour() {
  rounds=0
  while [ ! -e /tmp/enough ]; do
    fio --minimal --name=k --filename=/dev/vda --size=1M --rw=randwrite --bs=4k --iodepth=4 --ioengine=libaio --direct=1 \
      --rate_iops=150 --verify=crc32c --do_verify=1 --verify_fatal=1 >/tmp/kept.out 2>&1 || return 1
    rounds=$((rounds + 1))
  done
  echo $rounds >/tmp/rounds
}
neighbour &
kept=$!
dd if=/dev/urandom of=/tmp/pattern bs=64k count=16 2>/dev/null
round_trip() {
  dd if=/tmp/pattern of=/dev/vdb bs=64k conv=fsync && drop_caches && dd if=/dev/vdb bs=64k count=16 2>/dev/null | cmp - /tmp/pattern
}
# all frames come back
heard() {
  before=$(cat /sys/class/net/eth0/statistics/rx_packets)
  ping -c 2 -W 1 192.168.77.9 >/dev/null 2>&1
  [ "$(cat /sys/class/net/eth0/statistics/rx_packets)" -gt "$before" ]
}
# the function behind a virtio device
pci() {
  basename "$(readlink -f "$1/..")"
}
# a read of what is not there gives all ones; lspci leaves such a function out
absent() {
  [ "$(od -A n -t x2 -N 2 "/sys/bus/pci/devices/$1/config")" = " ffff" ]
}
carrier() {
  cat /sys/class/net/eth0/carrier
}
config_interrupts() {
  grep "virtio.*-config" /proc/interrupts | awk '{for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) sum += $i} END {print sum + 0}'
}
cycle=1
while [ $cycle -le "$CYCLES" ]; do
  result "want-devices-$cycle"
  check cycle$cycle-disk until_true 30 '[ -b /dev/vdb ]' || finish
  check cycle$cycle-network until_true 30 '[ -e /sys/class/net/eth0 ]' || finish
  ip link set eth0 up && ip addr add 192.168.77.1/24 dev eth0
  check cycle$cycle-io round_trip
  check cycle$cycle-frames heard
  [ $cycle != "$CYCLES" ] || break
  storage=$(pci /sys/block/vdb/device)
  network=$(pci /sys/class/net/eth0/device)
  result "pull-devices-$cycle"
  check cycle$cycle-disk-absent until_true 30 "absent $storage"
  check cycle$cycle-network-absent until_true 30 "absent $network"
  # the driver finds that it drives nothing any more, and lets go without waiting
  echo 1 >/sys/bus/pci/devices/$network/remove
  echo 1 >/sys/bus/pci/devices/$storage/remove
  check cycle$cycle-disk-gone until_true 30 '[ ! -e /sys/block/vdb ]'
  check cycle$cycle-network-gone until_true 30 '[ ! -e /sys/class/net/eth0 ]'
  cycle=$((cycle + 1))
done

check carrier-at-first until_true 10 '[ "$(carrier)" = 1 ]'
told=$(config_interrupts)
result cable-out
check carrier-lost until_true 20 '[ "$(carrier)" = 0 ]'
result cable-in
check carrier-back until_true 20 '[ "$(carrier)" = 1 ]'
check frames-again heard
result "disk-grows from $(cat /sys/block/vdb/size)"
check grown until_true 20 "[ \$(cat /sys/block/vdb/size) = $GROWN ]"
check last-sector dd if=/tmp/pattern of=/dev/vdb bs=512 count=1 seek=$((GROWN - 1)) oflag=direct
check told-by-interrupt [ "$(config_interrupts)" -ge $((told + 3)) ]

result stop-me
check stopped until_true 60 '[ -e /tmp/pattern ] && round_trip'
result going-to-sleep
check suspend sh -c 'echo mem >/sys/power/state'
check awake-io round_trip
check awake-frames heard
check awake-carrier [ "$(carrier)" = 1 ]

check no-errors sh -c '! dmesg | grep -E "I/O error|blocked for"'

# both go under load, without a word; what waits for the disk waits until the kernel gives up
storage=$(pci /sys/block/vdb/device)
network=$(pci /sys/class/net/eth0/device)
fio --minimal --name=lost --filename=/dev/vdb --rw=randrw --bs=4k --iodepth=16 --ioengine=libaio --direct=1 --time_based \
  --runtime=60 >/dev/null 2>&1 &
ping -q -i 0.05 192.168.77.9 >/dev/null 2>&1 &
result pull-without-a-word
check disk-absent until_true 30 "absent $storage"
check network-absent until_true 30 "absent $network"
echo 1 >/sys/bus/pci/devices/$network/remove
check network-let-go until_true 30 '[ ! -e /sys/class/net/eth0 ]'
sleep 2
touch /tmp/enough
check neighbour wait $kept
result "neighbour rounds=$(cat /tmp/rounds)"
finish
