# Two disks, of which one may be paced: the median time of single requests on each, in microseconds.
check disks until_true 20 "[ -b /dev/vdb ]" || finish
median() {
  fio --minimal --name=m --filename=/dev/$1 --size=32M --rw=$2 --bs=4k --ioengine=libaio --iodepth=1 --direct=1 \
    --runtime=2 --time_based --percentile_list=50 | tr ';' '\n' | grep '^50\.0*%=' | grep -v '=0$' | head -1 | sed 's/.*=//'
}
for disk in vda vdb; do
  for kind in randread randwrite; do
    result "$disk $kind median=$(median $disk $kind)"
  done
done
check no-errors sh -c '! dmesg | grep -E "I/O error|blocked for"'
finish
