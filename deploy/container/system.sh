#!/bin/sh
# The lower layer of the image: what Node.js is linked to, from Debian's packages, and a few commands. On Debian, as root.
#   sh deploy/container/system.sh FOLDER
set -eu

into=$1
mkdir -p "$into"
fetched=$(mktemp -d)
# Debian's own user for downloads reads and writes there.
chmod 0777 "$fetched"

apt-get update -qq
(cd "$fetched" && apt-get download -qq libc6 libgcc-s1 libstdc++6 libatomic1 busybox-static ca-certificates)
for package in "$fetched"/*.deb; do dpkg-deb -x "$package" "$into"; done
rm -r "$fetched"

# What the server never reads: documents, other encodings, packages' own settings.
rm -rf "$into"/usr/share/doc "$into"/usr/share/man "$into"/usr/share/lintian "$into"/usr/share/initramfs-tools \
  "$into"/usr/share/gcc "$into"/usr/share/gdb "$into"/usr/lib/*/gconv "$into"/etc/ld.so.conf.d/fakeroot* "$into"/usr/sbin

# Certificates as one file, for NODE_EXTRA_CA_CERTS and --use-openssl-ca.
mkdir -p "$into/etc/ssl/certs"
find "$into/usr/share/ca-certificates" -name '*.crt' | sort | while read -r certificate; do
  cat "$certificate"
done > "$into/etc/ssl/certs/ca-certificates.crt"
rm -r "$into/usr/share/ca-certificates"

# A shell to look around with, wget for the health check, sleep for whatever stops it.
for command in sh wget sleep ls cat ps env; do ln -s busybox "$into/bin/$command"; done

echo 'discue:x:10001:10001::/data:/bin/sh' > "$into/etc/passwd"
echo 'discue:x:10001:' > "$into/etc/group"
echo 'hosts: files dns' > "$into/etc/nsswitch.conf"
mkdir -p "$into/tmp"
chmod 1777 "$into/tmp"
for folder in data cache; do
  mkdir -p "$into/$folder"
  chown 10001:10001 "$into/$folder"
  chmod 0700 "$into/$folder"
done
