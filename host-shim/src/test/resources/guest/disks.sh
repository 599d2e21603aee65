# Several disks, each with another set of features: verified I/O on each. INDIRECT_DESC and EVENT_IDX are reported for the host.
check disks until_true 20 "[ -b /dev/vd$LAST ]" || finish
for disk in $(cd /sys/block && ls -d vd*); do
  device=$(basename "$(readlink -f /sys/block/$disk/device)")
  result "$disk indirect=$(feature $device 28) event=$(feature $device 29) queues=$(ls /sys/block/$disk/mq | wc -l)" \
    "packed=$(feature $device 34)"
  check $disk-verify fio --minimal --name=v --filename=/dev/$disk --offset=1M --size=8M --rw=randwrite --bsrange=512-256k \
    --blockalign=512 --ioengine=libaio --iodepth=32 --direct=1 --verify=crc32c --do_verify=1 --verify_fatal=1
done
check no-errors sh -c '! dmesg | grep -E "I/O error|blocked for"'
finish
