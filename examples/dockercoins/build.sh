#!/bin/sh
# Builds DockerCoins from what is on this machine: no registry, no base image from anywhere.
#   build.sh               root file systems in dist/rootfs, and Docker images dockercoins/*:$TAG
#   build.sh --no-docker   root file systems alone, for the process runtime
# TAG (v0.1) is the images' tag, NODE the node binary (the repository's own).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
out=$here/dist
TAG=${TAG:-v0.1}
NODE=${NODE:-$repository/node_modules/node/bin/node}
[ -x "$NODE" ] || NODE=$(command -v node)
with_docker=yes
[ "${1:-}" = --no-docker ] && with_docker=no

# copy_with_libraries ROOT BINARY NAME: the binary as /bin/NAME, and every library it loads, where the loader looks.
copy_with_libraries() {
  mkdir -p "$1/bin"
  cp -L "$2" "$1/bin/$3"
  libraries=$(ldd "$2" | sed -n -e 's/.*=> \(\/[^ ]*\) .*/\1/p' -e 's/^[[:space:]]*\(\/[^ ]*\) .*/\1/p')
  for library in $libraries; do
    # Libraries of an unpacked package go where the system would have them.
    target=$1${library#"$out/redis-packages"}
    mkdir -p "$(dirname "$target")"
    cp -L "$library" "$target"
    # Name lookup is loaded on demand, so ldd does not see it (only before glibc 2.34).
    case $library in
      */libc.so.6)
        for extra in libnss_dns.so.2 libnss_files.so.2 libresolv.so.2; do
          [ -e "$(dirname "$library")/$extra" ] && cp -L "$(dirname "$library")/$extra" "$(dirname "$target")/"
        done ;;
    esac
  done
}

base_files() {
  mkdir -p "$1/etc" "$1/tmp" "$1/proc" "$1/sys" "$1/dev" "$1/var/run"
  chmod 1777 "$1/tmp"
  echo 'root:x:0:0:root:/:/bin/sh' > "$1/etc/passwd"
  echo 'root:x:0:' > "$1/etc/group"
  echo 'hosts: files dns' > "$1/etc/nsswitch.conf"
}

# Debian's redis-server: the installed one, else the packages, fetched and unpacked but not installed.
find_redis() {
  if command -v redis-server; then return; fi
  packages=$out/redis-packages
  if [ ! -e "$packages/usr/bin/redis-server" ]; then
    mkdir -p "$packages/partial"
    fetch="apt-get -qq -y --no-install-recommends --download-only -o Dir::Cache::archives=$packages -o Debug::NoLocking=1 install redis-server"
    $fetch >&2 || { apt-get -qq update >&2 && $fetch >&2; } || {
      echo "build.sh: redis-server is not installed and its packages could not be fetched (apt-get install redis-server)" >&2
      return 1
    }
    for package in "$packages"/*.deb; do dpkg-deb -x "$package" "$packages"; done
  fi
  echo "$packages/usr/bin/redis-server"
}

rm -rf "$out/rootfs" "$out/base"
mkdir -p "$out/rootfs" "$out/base"

base=$out/base/rootfs
base_files "$base"
copy_with_libraries "$base" "$NODE" node

for service in rng hasher worker webui; do
  rm -rf "${out:?}/$service" && mkdir -p "$out/$service"
  "$NODE" "$repository/node_modules/esbuild/bin/esbuild" "$here/$service/$service.ts" \
    --bundle --platform=node --target=node24 --format=esm --log-level=warning --outfile="$out/$service/$service.mjs"
  # Hard links: four root file systems, one node on disk.
  cp -al "$base" "$out/rootfs/$service"
  mkdir -p "$out/rootfs/$service/app"
  cp "$out/$service/$service.mjs" "$out/rootfs/$service/app/"
done

redis=$(find_redis)
base_files "$out/rootfs/redis"
cp "$here/redis/redis.conf" "$out/rootfs/redis/etc/redis.conf"
LD_LIBRARY_PATH=$(ls -d "$out"/redis-packages/usr/lib/*-linux-gnu 2>/dev/null || true) copy_with_libraries "$out/rootfs/redis" "$redis" redis-server

[ $with_docker = yes ] || { echo "root file systems are in $out/rootfs"; exit 0; }
command -v docker >/dev/null || { echo "build.sh: docker is not there; for the process runtime: build.sh --no-docker" >&2; exit 1; }

pack() { tar -C "$1" --numeric-owner --owner=0 --group=0 --sort=name --mtime=@0 -cf "$2" .; }
pack "$base" "$out/base/rootfs.tar"
mkdir -p "$out/redis" && pack "$out/rootfs/redis" "$out/redis/rootfs.tar"
mkdir -p "$out/context" && ln -f "$out/base/rootfs.tar" "$out/context/rootfs.tar"
docker build -q -t "dockercoins/base:$TAG" -f "$here/base/Dockerfile" "$out/context"
docker build -q -t "dockercoins/redis:$TAG" -f "$here/redis/Dockerfile" "$out/redis"
for service in rng hasher worker webui; do
  docker build -q -t "dockercoins/$service:$TAG" --build-arg "BASE=dockercoins/base:$TAG" -f "$here/$service/Dockerfile" "$out/$service"
done
rm -f "$out/base/rootfs.tar" "$out/redis/rootfs.tar" "$out/context/rootfs.tar"
echo "built dockercoins/{redis,rng,hasher,worker,webui}:$TAG"
