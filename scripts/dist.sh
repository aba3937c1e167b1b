#!/bin/bash
# make dist: the release, build/dist/etl-VERSION-linux-MACHINE.tar.gz, with SHA256SUMS beside it (of the tarball) and in it
# (of its files). The same tree and compiler give the same bytes: order, times, owners and gzip's header are fixed.
#
#   scripts/dist.sh VERSION
#
#   etl-0.1.0-linux-x86_64/bin/etl                      stripped
#                         /share/man/man1, man5
#                         /share/bash-completion, zsh, fish   where make install puts them below PREFIX
#                         /schemas/                     the definitions, as etl init writes them
#                         /licenses/                    of what is linked in, with versions.txt
#                         /LICENSE README.md CHANGELOG.md SHA256SUMS
set -euo pipefail
export LC_ALL=C
umask 022

die() {
    echo "dist: $1" >&2
    exit 1
}

[ $# -eq 1 ] || die "usage: scripts/dist.sh VERSION"
cd "$(dirname "$0")/.."
version=$1
binary=build/etl
licenses=build/deps/licenses
[[ $version =~ ^[0-9A-Za-z.+~-]+$ ]] || die "'$version' is no version"
[ -x "$binary" ] || die "$binary is not there: run make first"
# readelf and not ldd, which runs what it looks at: a static program asks for no interpreter and needs no library
headers=$(readelf -ld "$binary") || die "$binary is no ELF program"
! grep -qE 'INTERP|\(NEEDED\)' <<<"$headers" || die "$binary is not static: run make without MODE=asan or MODE=tsan"
told=$("$binary" --version) || die "$binary does not run"
[ "$told" = "etl $version" ] || die "$binary says '$told', not 'etl $version': run make"
compgen -G "$licenses/*.txt" >/dev/null || die "$licenses is empty: run make"
compgen -G 'man/*.1' >/dev/null || die "man/ holds no pages: run make docs"

name=etl-$version-linux-$(uname -m)
dist=build/dist
root=$dist/$name
tarball=$dist/$name.tar.gz
# SOURCE_DATE_EPOCH, else the day of the last commit, else a constant: never the clock
date=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || true)}
[ -n "$date" ] || date=1767225600

rm -rf "$root" "$tarball"
share=$root/share
install -d "$root/bin" "$root/licenses" "$share/man/man1" "$share/man/man5" "$share/bash-completion/completions" \
    "$share/zsh/site-functions" "$share/fish/vendor_completions.d"
strip -o "$root/bin/etl" "$binary"
chmod 755 "$root/bin/etl"
install -m 644 man/*.1 "$share/man/man1"
install -m 644 man/*.5 "$share/man/man5"
install -m 644 man/completions/etl.bash "$share/bash-completion/completions/etl"
install -m 644 man/completions/_etl "$share/zsh/site-functions/_etl"
install -m 644 man/completions/etl.fish "$share/fish/vendor_completions.d/etl.fish"
while read -r file; do # what is in the tree's history only: no scratch of whoever calls this
    install -D -m 644 "$file" "$root/$file"
done < <(git ls-files schemas 2>/dev/null | grep . || find schemas -type f)
install -m 644 "$licenses"/*.txt build/deps/versions.txt "$root/licenses"
install -m 644 LICENSE "$root"
for file in README.md CHANGELOG.md; do
    [ ! -f "$file" ] || install -m 644 "$file" "$root"
done
sums=$(cd "$root" && find . -type f -printf '%P\0' | sort -z | xargs -0 sha256sum)
echo "$sums" >"$root/SHA256SUMS"
chmod 644 "$root/SHA256SUMS"

tar --create --format=ustar --sort=name --mtime="@$date" --owner=0 --group=0 --numeric-owner --mode='u+rwX,go+rX,go-w' \
    -C "$dist" "$name" | gzip -n -9 >"$tarball.tmp"
mv "$tarball.tmp" "$tarball"
rm -rf "$root"
(cd "$dist" && sha256sum "$name.tar.gz" >SHA256SUMS)
echo "$tarball ($(stat -c %s "$tarball") bytes)"
