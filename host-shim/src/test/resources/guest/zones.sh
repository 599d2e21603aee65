# A disk of host-managed zones of 1 MiB, the first CONVENTIONAL of them conventional. Destroys its content.
disk=/dev/vda
check disk until_true 20 '[ -b /dev/vda ]' || finish
queue=/sys/block/vda/queue
result "zoned=$(cat $queue/zoned) zones=$(cat $queue/nr_zones) chunk=$(cat $queue/chunk_sectors) open=$(cat $queue/max_open_zones) active=$(cat $queue/max_active_zones) append=$(cat $queue/zone_append_max_bytes)"

# zone N: what a report says of it
zone() {
  blkzone report -o $(($1 * 2048)) -c 1 $disk
}
# state N TEXT: whether the report of zone N has that text
state() {
  zone "$1" >/tmp/zone && grep -q "$2" /tmp/zone || { cat /tmp/zone; return 1; }
}
# put N: the pattern, 64 KiB, at the write pointer of zone N; at its start unless an offset in KiB follows
put() {
  dd if=/tmp/pattern of=$disk bs=4k seek=$(($1 * 256 + ${2:-0} / 4)) oflag=direct 2>&1
}
refused() {
  ! "$@"
}
same() {
  dd if=$disk bs=64k skip=$(($1 * 16)) count=1 iflag=direct 2>/dev/null | cmp - /tmp/pattern
}
zeroes_after() {
  dd if=$disk bs=64k skip=$(($1 * 16 + 1)) count=15 iflag=direct 2>/dev/null | tr -d '\0' | wc -c | grep -qx 0
}

dd if=/dev/urandom of=/tmp/pattern bs=64k count=1 2>/dev/null
blkzone report $disk >/tmp/report
result "reported=$(wc -l </tmp/report) conventional=$(grep -c CONVENTIONAL /tmp/report)"
check conventional state 0 CONVENTIONAL
check conventional-random put 0 512
check empty state 8 'zcond: 1(em)'
check write put 8
check implicitly-open state 8 'zcond: 2(oi)'
check pointer state 8 'wptr 0x000080'
check read same 8
check unwritten zeroes_after 8
# in a zone of its own: after a refusal Linux looks at that zone again before it writes there
check not-at-the-pointer refused put 30 512
check second put 8 64
check pointer-moved state 8 'wptr 0x000100'
check close blkzone close -o 16384 -c 1 $disk
check closed state 8 'zcond: 4(cl)'
check open blkzone open -o 18432 -c 1 $disk
check explicitly-open state 9 'zcond: 3(oe)'
check finish blkzone finish -o 16384 -c 1 $disk
check full state 8 'zcond:14(fu)'
check full-read same 8
check full-refuses refused put 8 128
check reset blkzone reset -o 16384 -c 1 $disk
check reset-empty state 8 'zcond: 1(em)'
check reset-zeroes zeroes_after 8
check whole-zone dd if=/dev/zero of=$disk bs=64k count=16 seek=160 oflag=direct
check whole-zone-full state 10 'zcond:14(fu)'
# more zones than may be open: the oldest are closed
for z in 11 12 13 14 15 16; do
  check "write-$z" put $z
done
check auto-closed state 11 'zcond: 4(cl)'
check reset-before-fio blkzone reset -o $((CONVENTIONAL * 2048)) $disk
check fio fio --minimal --name=z --filename=$disk --zonemode=zbd --direct=1 --ioengine=libaio --iodepth=4 --rw=randwrite --bs=16k \
  --offset=20M --size=16M --max_open_zones=3 --verify=crc32c --do_verify=1 --verify_fatal=1
check reset-all blkzone reset -o $((CONVENTIONAL * 2048)) $disk
check all-empty sh -c "! blkzone report $disk | grep -v CONVENTIONAL | grep -v '(em)'"
# what the host looks at after a restart of the card
check last put 19
check no-crash sh -c '! dmesg | grep -E "blocked for|BUG:|Oops"'
finish
