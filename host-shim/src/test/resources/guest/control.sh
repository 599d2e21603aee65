# A network card whose control queue is the device's own: what ethtool and ip say to it, and whether packets still pass.
check card until_true 20 '[ -e /sys/class/net/eth0 ]' || finish
device=$(basename "$(readlink -f /sys/class/net/eth0/device)")
ip addr add "$ADDRESS/24" dev eth0
ip link set eth0 up
check link until_true 20 '[ "$(cat /sys/class/net/eth0/carrier)" = 1 ]'
names="offloads:2 control:17 rx:18 vlan:19 extra:20 announce:21 mq:22 mac:23 tunnel:51 queue-coalescing:52 coalescing:53 hash:57 rss:60 speed:63"
agreed=
for name in $names; do
  agreed="$agreed ${name%%:*}=$(feature $device ${name##*:})"
done
result "agreed$agreed kernel=$(uname -r)"
passes() {
  check "$1" ping -q -c 3 -i 0.1 -w 20 "$PEER"
}
passes ping-first
result "speed $(ethtool eth0 | awk '/Speed:/ {print $2}') $(ethtool eth0 | awk '/Duplex:/ {print $2}')"

check pairs-2 ethtool -L eth0 combined 2
passes ping-two-pairs
check pairs-1 ethtool -L eth0 combined 1
passes ping-one-pair
check pairs-2-again ethtool -L eth0 combined 2

check promisc-on ip link set eth0 promisc on
passes ping-promisc
check promisc-off ip link set eth0 promisc off
check allmulti-on ip link set eth0 allmulticast on
check allmulti-off ip link set eth0 allmulticast off
passes ping-filtered

check group-add ip maddr add 33:33:00:00:00:77 dev eth0
check group-delete ip maddr delete 33:33:00:00:00:77 dev eth0

check vlan-module modprobe 8021q
check vlan-add ip link add link eth0 name eth0.5 type vlan id 5
check vlan-up ip link set eth0.5 up
check vlan-delete ip link delete eth0.5
passes ping-after-vlan

check mac ip link set eth0 address 52:54:00:77:00:99
check mac-shown grep -q 52:54:00:77:00:99 /sys/class/net/eth0/address
passes ping-new-mac

if [ "$(feature $device 60)" = 1 ]; then
  check rss-shown ethtool -x eth0
  check rss-one ethtool -X eth0 weight 0 1
  passes ping-rss-second-pair
  check rss-both ethtool -X eth0 equal 2
  check rss-fields ethtool -N eth0 rx-flow-hash udp4 sdfn
  passes ping-rss
fi
if [ "$(feature $device 53)" = 1 ]; then
  # tx-frames above 0, or this kernel wants to change how it polls, which it refuses while the link is up
  check coalesce ethtool -C eth0 rx-frames 16 rx-usecs 200 tx-frames 16 tx-usecs 200
  passes ping-coalesced
  check coalesce-off ethtool -C eth0 rx-frames 0 rx-usecs 0 tx-frames 1 tx-usecs 0
fi
if ethtool -k eth0 | grep -q 'rx-gro-hw: .*fixed'; then
  result "offloads cannot be toggled"
else
  check offloads-off ethtool -K eth0 rx-gro-hw off
  passes ping-without-offloads
  check offloads-on ethtool -K eth0 rx-gro-hw on
fi
passes ping-last
check iperf iperf3 -c "$PEER" -t 2 -P 4 -f m
no_complaint() {
  ! dmesg | grep -iE 'virtio_net.*(fail|error)|eth0.*(fail|error)'
}
check no-complaint no_complaint
dmesg | grep -iE 'virtio_net|eth0' | tail -n 8
nc "$PEER" 7 </dev/null >/dev/null 2>&1
finish
