# Two disks under load; the second one vanishes, and what waits for it waits for ever. The first one has to do all that it is asked.
fio --minimal --name=lost --filename=/dev/vdb --rw=randrw --bs=4k --iodepth=16 --ioengine=libaio --direct=1 --time_based \
  --runtime=60 >/dev/null 2>&1 &
result "io-started"
check kept fio --name=kept --filename=/dev/vda --rw=randwrite --bs=4k --size=8m --iodepth=8 --ioengine=libaio --direct=1 \
  --verify=crc32c --loops=4 --time_based --runtime=6
finish
