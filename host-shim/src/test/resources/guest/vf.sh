# Virtual functions: a network card, and for the client a disk. ROLE=server answers until the client says that it is done.
check card until_true 20 '[ -e /sys/class/net/eth0 ]' || finish
function=$(basename "$(readlink -f /sys/class/net/eth0/device/..)")
ip addr add "$ADDRESS/24" dev eth0
ip link set eth0 up
check link until_true 20 '[ "$(cat /sys/class/net/eth0/carrier)" = 1 ]'
result "net $(cat /sys/class/net/eth0/address) device=$(cat /sys/bus/pci/devices/$function/device)"
if [ "$ROLE" = server ]; then
  check iperf3-server iperf3 -s -D
  result serving
  check done until_true 180 'nc -l -p 7 </dev/null >/dev/null'
  finish
fi

check disk until_true 20 '[ -b /dev/vda ]' || finish
storage=$(basename "$(readlink -f /sys/block/vda/device/..)")
result "blk sectors=$(cat /sys/block/vda/size) serial=$(cat /sys/block/vda/serial)"
check verify fio --minimal --name=v --filename=/dev/vda --offset=1M --size=4M --rw=randwrite --bsrange=512-128k --blockalign=512 \
  --ioengine=libaio --iodepth=16 --direct=1 --verify=crc32c --do_verify=1 --verify_fatal=1
check mkfs mkfs.ext4 -F -q /dev/vda
check fsck e2fsck -f -n /dev/vda
check msix grep -q "MSI.*virtio.*req" /proc/interrupts
check ping-first ping -c 1 -w 20 "$PEER"
lossless() {
  ping -q -f -c 100 -w 30 "$PEER" | grep ' 0% packet loss'
}
check ping-flood lossless
check iperf3 iperf3 -c "$PEER" -t 1 -f m

# a reset by the register of one function, while nobody drives it; the other one goes on
result "reset methods: $(cat /sys/bus/pci/devices/$storage/reset_method)"
driver=/sys/bus/pci/drivers/virtio-pci
check unbind sh -c "echo $storage >$driver/unbind"
check reset sh -c "echo 1 >/sys/bus/pci/devices/$storage/reset"
check ping-during ping -c 1 -w 20 "$PEER"
check bind sh -c "echo $storage >$driver/bind"
check disk-again until_true 20 '[ -b /dev/vda ]'
check fsck-again e2fsck -f -n /dev/vda
nc "$PEER" 7 </dev/null >/dev/null 2>&1
finish
