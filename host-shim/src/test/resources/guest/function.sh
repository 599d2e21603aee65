# A network card and a disk that are PCI functions of the card's own. ROLE=server answers until the client says that it is done.
pci() {
  basename "$(dirname "$(readlink -f "/sys/bus/virtio/devices/$1")")"
}
check card until_true 20 '[ -e /sys/class/net/eth0 ]' || finish
nic=$(basename "$(readlink -f /sys/class/net/eth0/device)")
ip addr add "$ADDRESS/24" dev eth0
ip link set eth0 up
check link until_true 20 '[ "$(cat /sys/class/net/eth0/carrier)" = 1 ]'
function=$(pci "$nic")
result "net $function vendor=$(cat /sys/bus/pci/devices/$function/vendor) device=$(cat /sys/bus/pci/devices/$function/device)" \
  "packed=$(feature $nic 34) control=$(feature $nic 17)"
interrupts() {
  grep "$1" /proc/interrupts | awk '{for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) sum += $i} END {print sum + 0}'
}
if [ "$ROLE" = server ]; then
  check iperf3-server iperf3 -s -D
  result serving
  check done until_true 180 'nc -l -p 7 </dev/null >/dev/null'
  finish
fi

check disk until_true 20 '[ -b /dev/vda ]' || finish
disk=$(basename "$(readlink -f /sys/block/vda/device)")
storage=$(pci "$disk")
result "blk $storage vendor=$(cat /sys/bus/pci/devices/$storage/vendor) device=$(cat /sys/bus/pci/devices/$storage/device)" \
  "sectors=$(cat /sys/block/vda/size) serial=$(cat /sys/block/vda/serial)"
verify() {
  fio --minimal --name=v --filename=/dev/vda --offset=1M --size=8M --rw=randwrite --bsrange=512-128k --blockalign=512 \
    --ioengine=libaio --iodepth=16 --direct=1 --verify=crc32c --do_verify=1 --verify_fatal=1
}
check verify verify
check mkfs mkfs.ext4 -F -q /dev/vda
check mount mount -t ext4 /dev/vda /mnt
check fill cp -a /bin /mnt/
check umount umount /mnt
check fsck e2fsck -f -n /dev/vda
check msix sh -c 'grep -q "MSI.*virtio.*req" /proc/interrupts'
result "interrupts blk=$(interrupts virtio.*req) net=$(interrupts virtio.*input)"
check interrupted [ "$(interrupts virtio.*req)" -gt 10 ]
lspci -vvv -s "$storage" | sed 's/^/RESULT lspci blk /'
lspci -vvv -s "$function" | sed 's/^/RESULT lspci net /'

check ping-first ping -c 1 -w 20 "$PEER"
lossless() {
  ping -q -f -c 300 -w 30 "$PEER" | grep ' 0% packet loss'
}
check ping-flood lossless
check iperf3 iperf3 -c "$PEER" -t 2 -f m
result "tcp $(awk '/receiver/ {for (i = 2; i <= NF; i++) if ($i == "Mbits/sec") rate = $(i - 1)} END {print rate}' /tmp/check.out) Mbit/s"

# a reset by the function's own register, while requests are under way: they end, with an error or without
dd if=/dev/vda of=/dev/null bs=64k iflag=direct >/dev/null 2>&1 &
reader=$!
sleep 1
result "reset methods: $(cat /sys/bus/pci/devices/$storage/reset_method)"
check reset sh -c "echo 1 >/sys/bus/pci/devices/$storage/reset"
kill $reader 2>/dev/null
rebind() {
  echo "$1" >/sys/bus/pci/drivers/virtio-pci/unbind && echo "$1" >/sys/bus/pci/drivers/virtio-pci/bind
}
check rebind-disk rebind "$storage"
check disk-again until_true 20 '[ -b /dev/vda ]'
check verify-again verify
for round in 1 2 3; do
  check rebind-net-$round rebind "$function"
  check net-again-$round until_true 20 '[ -e /sys/class/net/eth0 ]'
  ip addr add "$ADDRESS/24" dev eth0
  ip link set eth0 up
  check ping-again-$round ping -c 1 -w 20 "$PEER"
done
nc "$PEER" 7 </dev/null >/dev/null 2>&1
finish
