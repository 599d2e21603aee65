# A disk that is read for a while; the host counts what passes over the function's socket meanwhile.
check disk until_true 20 '[ -b /dev/vda ]' || finish
result busy
check read fio --minimal --name=r --filename=/dev/vda --rw=randread --bs=4k --ioengine=libaio --iodepth=1 --direct=1 --runtime=2 --time_based
result quiet
finish
