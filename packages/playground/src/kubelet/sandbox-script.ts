// SPDX-License-Identifier: Apache-2.0

/**
 * Runs in a pod's new namespaces, as `sh -ec`: link and address, capture, own files over the machine's; then it prints
 * its pid as /proc shows it and holds the namespaces. The state directory is hidden, the pod's own part and the roots excepted, so that
 * a pod cannot read the keys of the issuer or of the CA.
 */
export const sandboxScript = `
echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6 2>/dev/null || true
echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || true
ip -batch - <<EOF
link set lo up
link add eth0 type veth peer name $LINK netns $CLUSTER_NET
addr add $POD_IP/32 dev eth0
link set eth0 up
route add $GATEWAY dev eth0 scope link
route add default via $GATEWAY dev eth0
EOF
if [ -n "$CAPTURE" ]; then nft -f "$POD/capture.nft"; fi
for file in resolv.conf hosts nsswitch.conf; do
  if [ -e "/etc/$file" ]; then mount --bind "$POD/etc/$file" "/etc/$file"; fi
done
run=$(readlink -f /var/run)
mount -t tmpfs -o mode=755 tmpfs "$run"
mkdir -p "$run/secrets/tokens" "$run/secrets/signet.dev" "$run/secrets/workload-spiffe-uds" "$run/signet-pod"
mount --bind "$POD/tokens" "$run/secrets/tokens"
mount --bind "$ROOTS" "$run/secrets/signet.dev"
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount --bind "$POD" "$run/signet-pod"
mount -t tmpfs -o mode=755 tmpfs "$STATE"
mkdir -p "$POD" "$ROOTS"
mount --bind "$run/signet-pod" "$POD"
mount --bind "$run/secrets/signet.dev" "$ROOTS"
umount "$run/signet-pod"
rmdir "$run/signet-pod"
read -r pid rest < /proc/self/stat
echo "$pid"
exec sleep infinity
`;
