# A network card that could have virtual functions, as a hypervisor shows it. AT is where their registers are on the card.
check card until_true 20 '[ -e /sys/class/net/eth0 ]' || finish
function=$(readlink -f /sys/class/net/eth0/device/..)
config=$function/config
register() {
  dd if="$config" bs=4 skip=$(($1 / 4)) count=1 2>/dev/null | hexdump -e '1/4 "%08x"'
}
list=
at=256
while [ $at -ne 0 ] && [ ${#list} -lt 100 ]; do
  head=$(register $at)
  list="$list ${head#????}"
  at=$((0x$head >> 20))
done
result "bytes=$(stat -c %s "$config") capabilities:$list"
result "files=$(find "$function/" -maxdepth 1 -name 'sriov*' | wc -l)"
result "behind the back: $(register "$AT") $(register $((AT + 12)))"
# number, then enable; little-endian, as the bus is
put() {
  printf "$2" | dd of="$config" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
put $((AT + 16)) '\002\000'
put $((AT + 8)) '\011\000'
result "written: $(register $((AT + 8))) $(register $((AT + 16)))"
# meanwhile the card is looked at
sleep 3
finish
