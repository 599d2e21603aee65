# Verified writes while the host kills and restarts the back-end; the guest must see no error and find every write.
check disk until_true 20 '[ -b /dev/vda ]' || finish
verified_writes() {
  fio --minimal --name=w --filename=/dev/vda --offset=1M --size=32M --rw=randwrite --bs=4k --iodepth=16 --ioengine=libaio \
    --direct=1 --rate_iops=1500 --verify=crc32c --do_verify=1 --verify_fatal=1
}
result io-started
check verified-writes verified_writes
check no-errors sh -c '! dmesg | grep -E "I/O error|blocked for"'
finish
