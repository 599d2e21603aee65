# A network card and a disk that are functions of the card's own: the cable is pulled, the disk grows, then it is pulled out.
check card until_true 20 '[ -e /sys/class/net/eth0 ]' || finish
check disk until_true 20 '[ -b /dev/vda ]' || finish
ip link set eth0 up
carrier() {
  cat /sys/class/net/eth0/carrier
}
check plugged until_true 20 '[ "$(carrier)" = 1 ]'
result "ready"
check unplugged until_true 60 '[ "$(carrier)" = 0 ]'
result "down"
check plugged-again until_true 60 '[ "$(carrier)" = 1 ]'
check grown until_true 60 "[ \$(blockdev --getsz /dev/vda) = $GROWN ]"
check last-sector dd if=/dev/urandom of=/dev/vda bs=512 count=1 seek=$((GROWN - 1)) oflag=direct
function=$(readlink -f /sys/block/vda/device/..)
dd if=/dev/vda of=/dev/null bs=64k iflag=direct >/dev/null 2>&1 &
result "reading"
gone() {
  [ "$(dd if="$function/config" bs=4 count=1 2>/dev/null | hexdump -e '1/4 "%08x"')" != 10421af4 ]
}
check gone until_true 60 gone
card() {
  [ "$(carrier)" = 1 ] && [ "$(ethtool eth0 | grep -c 'Link detected: yes')" = 1 ]
}
check alive until_true 20 card
finish
