# Verified writes to a disk whose function has to ask for each byte of this guest's memory.
check disk until_true 20 '[ -b /dev/vda ]' || finish
verified_writes() {
  fio --minimal --name=w --filename=/dev/vda --size=8M --rw=randwrite --bs=4k --iodepth=8 --ioengine=libaio \
    --direct=1 --verify=crc32c --do_verify=1 --verify_fatal=1
}
check verified-writes verified_writes
check no-errors sh -c '! dmesg | grep -E "I/O error|blocked for"'
finish
