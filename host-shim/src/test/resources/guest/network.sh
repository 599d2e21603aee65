# A network card: ping in many sizes, then iperf3 both ways. ROLE=server answers until the client says that it is done.
check card until_true 20 '[ -e /sys/class/net/eth0 ]' || finish
device=$(basename "$(readlink -f /sys/class/net/eth0/device)")
ip addr add "$ADDRESS/24" dev eth0
ip link set eth0 up
check link until_true 20 '[ "$(cat /sys/class/net/eth0/carrier)" = 1 ]'
result "indirect=$(feature $device 28) event=$(feature $device 29) mergeable=$(feature $device 15) mtu=$(cat /sys/class/net/eth0/mtu)" \
  "packed=$(feature $device 34) sends-tso=$(feature $device 11) takes-tso=$(feature $device 7)"
if [ "$(nproc)" -gt 1 ]; then
  check channels ethtool -L eth0 combined "$(nproc)"
fi
if [ "$ROLE" = server ]; then
  check iperf3-server iperf3 -s -D
  result serving
  check done until_true 120 'nc -l -p 7 </dev/null >/dev/null'
  finish
fi

# both machines boot at the same time
check ping-first ping -c 1 -w 60 "$PEER"
check iperf3-answers until_true 30 'iperf3 -c "$PEER" -n 1K >/dev/null 2>&1'
for size in 0 1 18 64 511 1000 1472 8000; do
  check ping-$size ping -q -c 3 -i 0.01 -w 10 -s $size "$PEER"
done
# QEMU would keep the reset of a queue to itself: it must not be had, and asking for it must do no harm
if ethtool -G eth0 rx 64 tx 64 2>/dev/null; then
  result resize=FAIL
  failed=$((failed + 1))
else
  result resize=refused
fi
lossless() {
  ping -q -f -c 300 -w 20 "$PEER" | grep ' 0% packet loss'
}
check ping-flood lossless
throughput() {
  name=$1
  shift
  check $name iperf3 -c "$PEER" -t 1 -f m "$@"
  result "$name $(awk '/receiver/ {for (i = 2; i <= NF; i++) if ($i == "Mbits/sec") rate = $(i - 1)} END {print rate}' /tmp/check.out) Mbit/s"
}
throughput tcp-out
throughput tcp-in -R
throughput tcp-four-streams -P 4
if [ "$(feature $device 11)" = 1 ]; then
  check offloads-off ethtool -K eth0 tso off gso off tx off
  throughput tcp-out-without-offloads
  check offloads-on ethtool -K eth0 tx on gso on tso on
  throughput tcp-out-again
fi
throughput udp -u -b 20M -l 1400
check errors-none [ "$(cat /sys/class/net/eth0/statistics/rx_errors)" = 0 ]
nc "$PEER" 7 </dev/null >/dev/null 2>&1
finish
