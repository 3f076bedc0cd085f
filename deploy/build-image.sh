#!/bin/sh
# Builds flotilla/machine:dev, the image of one machine of the compose driver, from this
# machine's own programs: no registry is asked. Needs a Docker engine and `npm run build`.
#   deploy/build-image.sh [TAG]
set -eu
cd "$(dirname "$0")/.."
tag=${1:-flotilla/machine:dev}
[ -f dist/flotillad.mjs ] || { echo "dist/ is missing: run 'npm run build' first" >&2; exit 1; }

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
root=$context/rootfs
mkdir -p "$root/bin" "$root/tmp" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/etc" "$root/var/log" \
  "$root/usr/lib/cni" "$root/flotilla/dist"
ln -s bin "$root/sbin"
chmod 1777 "$root/tmp"

# Copies a file to the same path under the root, links followed.
put() { mkdir -p "$root$(dirname "$1")" && cp -L "$1" "$root$1"; }

# Copies a program to DEST with every shared library it loads.
program() {
  mkdir -p "$root$(dirname "$2")"
  cp -L "$1" "$root$2"
  for library in $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*' || true); do
    [ -e "$root$library" ] || put "$library"
  done
}

program node_modules/node/bin/node /bin/node
for name in ip unshare nsenter mount umount mountpoint script setpriv; do
  path=$(command -v "$name") && program "$path" "/bin/$name" || { echo "not on this machine: $name" >&2; exit 1; }
done
# Not busybox for sh: it would run its own small ip, unshare and nsenter instead of the real ones.
program "$(command -v dash)" /bin/sh
# Everything else a shell script wants; the real programs above keep their names.
busybox=$(command -v busybox) || { echo "not on this machine: busybox (busybox-static)" >&2; exit 1; }
cp -L "$busybox" "$root/bin/busybox"
for applet in $("$busybox" --list); do
  [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
done
for plugin in bridge host-local loopback portmap; do
  [ ! -f "/usr/lib/cni/$plugin" ] || cp "/usr/lib/cni/$plugin" "$root/usr/lib/cni/"
done
cp dist/*.mjs "$root/flotilla/dist/"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' > "$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' > "$root/etc/group"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
printf 'PRETTY_NAME="Flotilla machine"\nNAME="Flotilla"\nID=flotilla\n' > "$root/etc/os-release"
cp deploy/Dockerfile "$context/Dockerfile"
docker build -q -t "$tag" "$context"
