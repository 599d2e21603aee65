# A disk whose file the host makes larger and smaller again.
check disk until_true 20 '[ -b /dev/vda ]' || finish
size() {
  blockdev --getsz /dev/vda
}
result "size-was-$(size)"
check grown until_true 30 "[ \$(size) = $GROWN ]"
check last-sector dd if=/dev/urandom of=/dev/vda bs=512 count=1 seek=$((GROWN - 1)) oflag=direct
result "size-is-$(size)"
check shrunk until_true 30 "[ \$(size) = $SHRUNK ]"
check first-sector dd if=/dev/vda of=/dev/null bs=4k count=16 iflag=direct
finish
