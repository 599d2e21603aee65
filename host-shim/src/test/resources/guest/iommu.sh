# Devices behind an IOMMU: verified I/O on a disk if there is one, and traffic with PEER if there is one. Frames may be lost, for
# the back-end learns of a buffer when it first uses it.
grouped() {
  [ -e /sys/class/$1/device/../iommu_group ] || [ -e /sys/class/$1/device/iommu_group ] && echo 1 || echo 0
}
if [ -z "$PEER" ]; then
  check disk until_true 20 '[ -b /dev/vda ]' || finish
  device=$(basename "$(readlink -f /sys/block/vda/device)")
  result "vda platform=$(feature $device 33) group=$(grouped block/vda/device)"
  check verify fio --minimal --name=v --filename=/dev/vda --offset=1M --size=4M --rw=randwrite --bsrange=512-256k \
    --blockalign=512 --ioengine=libaio --iodepth=16 --direct=1 --verify=crc32c --do_verify=1 --verify_fatal=1
  check no-errors sh -c '! dmesg | grep -E "I/O error|blocked for|DMAR:.*fault"'
  finish
fi
check card until_true 20 '[ -e /sys/class/net/eth0 ]' || finish
device=$(basename "$(readlink -f /sys/class/net/eth0/device)")
result "eth0 platform=$(feature $device 33) group=$(grouped net/eth0)"
ip addr add "$ADDRESS/24" dev eth0
ip link set eth0 up
check link until_true 20 '[ "$(cat /sys/class/net/eth0/carrier)" = 1 ]'
check ping-first ping -c 1 -w 20 "$PEER"
for size in 0 18 511 1472 8000; do
  check ping-$size ping -q -c 3 -i 0.1 -w 20 -s $size "$PEER"
done
ping -q -f -c 200 -w 20 "$PEER" > /tmp/flood
result "flood: $(grep loss /tmp/flood)"
check tcp-out iperf3 -c "$PEER" -t 2 -f m
result "tcp-out $(awk '/receiver/ {for (i = 2; i <= NF; i++) if ($i == "Mbits/sec") rate = $(i - 1)} END {print rate}' /tmp/check.out) Mbit/s"
check tcp-in iperf3 -c "$PEER" -t 2 -f m -R
result "tcp-in $(awk '/receiver/ {for (i = 2; i <= NF; i++) if ($i == "Mbits/sec") rate = $(i - 1)} END {print rate}' /tmp/check.out) Mbit/s"
check no-faults sh -c '! dmesg | grep -E "DMAR:.*fault"'
nc "$PEER" 7 </dev/null >/dev/null 2>&1
finish
