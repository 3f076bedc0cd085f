#!/bin/sh
# Builds the image of a machine (flotilla/machine:dev) with no registry: the root
# file system is put together from this machine's own programs and what they load.
# With a registry, deploy/Dockerfile's BASE may name a distribution's image instead.
set -eu
cd "$(dirname "$0")/.."
IMAGE="${1:-flotilla/machine:dev}"
NODE=node_modules/node/bin/node

node scripts/start.mjs --prepare
command -v docker >/dev/null || { echo "docker is not here; the image needs it" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root="$work/rootfs"
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib/cni" "$root/usr/lib64" "$root/opt/flotilla/dist" \
  "$root/tmp" "$root/proc" "$root/sys" "$root/dev" "$root/etc" "$root/run" "$root/var/lib" "$root/var/log" "$root/root"
for link in bin sbin lib lib64; do ln -s "usr/$link" "$root/$link"; done
ln -s /run "$root/var/run"

# A file with every library it loads, at the same place.
take() {
  [ -e "$root$2" ] || { mkdir -p "$(dirname "$root$2")"; cp -L "$1" "$root$2"; }
  ldd "$1" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*\).*/\1/p' | while read -r lib; do
    target="/usr${lib#/usr}"
    [ -e "$root$target" ] || { mkdir -p "$(dirname "$root$target")"; cp -L "$lib" "$root$target"; }
  done
}

for program in sh cat ls cp mv rm mkdir rmdir ln mount umount unshare nsenter setpriv chroot hostname sleep env ps kill tar id true readlink stat ip iptables tc; do
  path=$(command -v "$program" || true)
  case "$path" in /*) ;; *) continue ;; esac
  case "$path" in */sbin/*) folder=/usr/sbin ;; *) folder=/usr/bin ;; esac
  take "$path" "$folder/$program"
done
if command -v busybox >/dev/null; then
  take "$(command -v busybox)" /usr/bin/busybox
  for applet in ping wget nc vi less grep sed awk head tail ss netstat; do
    [ -e "$root/usr/bin/$applet" ] || ln -s busybox "$root/usr/bin/$applet"
  done
fi
for folder in /usr/lib/cni /opt/cni/bin; do
  for plugin in bridge host-local loopback portmap; do
    [ -x "$folder/$plugin" ] && take "$folder/$plugin" "/usr/lib/cni/$plugin"
  done
done
# xtables finds its extensions at run time.
for extensions in /usr/lib/*/xtables; do [ -d "$extensions" ] && cp -R --parents "$extensions" "$root" 2>/dev/null || true; done

take "$NODE" /usr/bin/node
cp dist/*.mjs "$root/opt/flotilla/dist/"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
printf 'PRETTY_NAME="Flotilla machine"\nID=flotilla\n' >"$root/etc/os-release"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
[ -d /etc/ssl/certs ] && mkdir -p "$root/etc/ssl/certs" && cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
for nss in /lib/*/libnss_files.so.2 /lib/*/libnss_dns.so.2 /lib/*/libresolv.so.2; do [ -e "$nss" ] && cp -L --parents "/usr${nss#/usr}" "$root" 2>/dev/null || true; done

cp deploy/Dockerfile "$work/Dockerfile"
docker build -q --build-arg BASE=scratch -t "$IMAGE" "$work" >/dev/null
echo "$IMAGE"
