#!/bin/sh
# The first process of a machine on a kernel of its own: mounts or exports the shared folder, then does what it is told by
# files in the control folder. The kernel's command line gives role, ip, folder (of run.ts) and control.
box=$folder/r/bin/busybox
$box mount -t proc proc /proc
$box mount -t sysfs sys /sys
$box mount -t devtmpfs dev /dev 2> /dev/null
$box mkdir -p /dev/shm
$box mount -t tmpfs shm /dev/shm
$box mount -t tmpfs run /run
# the host's files are seen, and cannot be changed
$box mkdir -p /run/etc
$box cp -a /etc/. /run/etc/ 2> /dev/null
$box cp "$folder/r/etc/netconfig" /run/etc/
$box mount --bind /run/etc /etc
$box mount -t tmpfs lib /var/lib
$box mkdir -p /var/lib/nfs/v4recovery
: > /var/lib/nfs/etab
: > /var/lib/nfs/rmtab
$box mount -t tmpfs mnt /mnt
$box mkdir -p /mnt/control /mnt/nfs /mnt/srv /mnt/tmp
$box mount -t hostfs none /mnt/control -o "$folder/control"
export HOME=/mnt/tmp TMPDIR=/mnt/tmp NO_COLOR=1 PATH=/usr/bin:/bin:/usr/sbin:/sbin
export LD_LIBRARY_PATH="$folder/r/usr/lib/x86_64-linux-gnu:$folder/r/lib/x86_64-linux-gnu"
$box hostname "$role"
$box ip link set lo up
$box ip addr add "$ip/24" dev eth0
$box ip link set eth0 up
for module in sunrpc grace lockd nfs_acl oid_registry auth_rpcgss dns_resolver netfs fscache nfs nfsv4 nfsd; do
  file=$($box find "$folder/r/usr/lib/uml/modules" -name "$module.ko")
  [ -z "$file" ] || $box insmod "$file"
done
if [ "$role" = server ]; then
  $box mount -t nfsd nfsd /proc/fs/nfsd
  $box mount -t tmpfs srv /mnt/srv
  echo 15 > /proc/fs/nfsd/nfsv4leasetime # a machine that is gone loses its locks after so many seconds; 90 by default
  echo 15 > /proc/fs/nfsd/nfsv4gracetime
  echo '/mnt/srv *(rw,fsid=0,no_root_squash,insecure,no_subtree_check)' > /etc/exports
  "$folder/r/usr/sbin/exportfs" -ra
  "$folder/r/usr/sbin/rpc.mountd" -N 2 -N 3 --no-udp
  "$folder/r/usr/sbin/rpc.nfsd" -N 3 -V 4 4
else
  until "$folder/r/sbin/mount.nfs4" 10.9.0.1:/ /mnt/nfs -o vers=4.2; do $box sleep 2; done
fi
$box touch "/mnt/control/$role.up"
while :; do
  if [ -f "/mnt/control/$role.ask" ]; then
    $box mv "/mnt/control/$role.ask" "/mnt/control/$role.now"
    sh "/mnt/control/$role.now" > "/mnt/control/$role.part" 2>&1
    $box mv "/mnt/control/$role.part" "/mnt/control/$role.answer"
  fi
  $box sleep 0.2
done
