#!/bin/sh
# Makes a root file system with Python 3.11 from Debian's packages, and with what `chaosreg mirror` imports of other
# projects. No shell and no package manager in it; no root needed to make it. For Debian 12 (bookworm).
# Run by the Dockerfile and by this project's lab:   sh python.sh ROOT
set -eu
root=$1
here=$(dirname "$0")
python=${PYTHON:-python3}
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
mkdir -p "$root"

# libgcc-s1 (0.1 MB) is for who adds the packages that verify signatures: README.md.
(cd "$packages" && apt-get download -qq \
    python3.11-minimal libpython3.11-minimal libpython3.11-stdlib \
    libc6 libgcc-s1 libssl3 libexpat1 zlib1g ca-certificates)
for package in "$packages"/*.deb; do
    dpkg-deb --extract "$package" "$root"
done

# What the installation of ca-certificates does: all certificates in one file, here in an order that is always the same.
certificates=$root/usr/share/ca-certificates
find "$certificates" -name '*.crt' | LC_ALL=C sort | xargs cat > "$root/etc/ssl/certs/ca-certificates.crt"

ln -s python3.11 "$root/usr/bin/python3"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
echo 'chaosreg:x:65532:65532:chaosreg:/:/usr/sbin/nologin' > "$root/etc/passwd"
echo 'chaosreg:x:65532:' > "$root/etc/group"

# Nobody reads manuals or converts character sets in there; licences (doc/*/copyright) stay.
find "$root/usr/share/doc" -type f ! -name copyright -delete
rm -rf "$certificates" "$root"/etc/ca-certificates "$root"/etc/ld.so.conf.d "$root"/sbin "$root"/usr/sbin \
    "$root"/usr/lib/binfmt.d "$root"/usr/lib/*-linux-gnu/gconv "$root"/usr/share/binfmts "$root"/usr/share/lintian \
    "$root"/usr/share/man

# Wheels for the Python of the image, whichever runs this. One without programs is installed by unpacking it.
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --python-version 3.11 --implementation cp --abi cp311 --abi none --platform "manylinux2014_$(uname -m)" \
    --dest "$packages" --requirement "$here/requirements.txt"
for wheel in "$packages"/*.whl; do
    "$python" -m zipfile --extract "$wheel" "$root/usr/lib/python3/dist-packages"
done
