# Prepended to every test script in the guest (busybox ash).

# Debian's busybox prefers its own applets to the PATH; where the real tool is there, it must win.
for tool in /usr/sbin/*; do
  name=${tool##*/}
  case $name in
    *.*) ;;
    *) [ ! -e "/bin/$name" ] || eval "$name() { $tool \"\$@\"; }" ;;
  esac
done

failed=0

# result TEXT: one line for the host, with the guest's clock.
result() {
  echo "RESULT $* (t=$(cut -d' ' -f1 /proc/uptime))"
}

# check NAME COMMAND...: runs it, says NAME=ok or NAME=FAIL, and shows its output when it failed.
check() {
  check_name=$1
  shift
  if "$@" >/tmp/check.out 2>&1; then
    result "$check_name=ok"
  else
    result "$check_name=FAIL"
    tail -n 15 /tmp/check.out | sed 's/^/  | /'
    failed=$((failed + 1))
    return 1
  fi
}

# until_true SECONDS EXPRESSION: waits for it.
until_true() {
  left=$(($1 * 10))
  while [ $left -gt 0 ]; do
    ! eval "$2" || return 0
    sleep 0.1
    left=$((left - 1))
  done
  return 1
}

# drop_caches: what is read next comes from the disk.
drop_caches() {
  echo 3 >/proc/sys/vm/drop_caches
}

# feature DEVICE BIT: 1 when the driver and the device agreed on that virtio feature.
feature() {
  cut -c $(($2 + 1)) "/sys/bus/virtio/devices/$1/features"
}

finish() {
  result "failed=$failed"
  exit "$failed"
}
