#!/bin/bash
# make fuzz: every fuzz target for SECONDS_EACH seconds (60 unless told), from the seeds in testdata/fuzz/TARGET, on all
# processors. A crash leaves its input in build/fuzz/NAME.crash-*. Last line: what was run and what was found; the status is 1
# unless every target was built, had seeds, ran inputs and found nothing. scripts/fuzz.sh [SECONDS_EACH [NAME...]]
set -eu
seconds=${1:-60}
[ $# -eq 0 ] || shift
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "fuzz: '$seconds' is no number of seconds (scripts/fuzz.sh [SECONDS_EACH [NAME...]])"; exit 2; }
names=()
for f in lib/*/*_fuzz.c; do names+=("$(basename "${f%_fuzz.c}")"); done
for name; do
    [[ " ${names[*]} " == *" $name "* ]] || { echo "fuzz: no target '$name' among: ${names[*]}"; exit 2; }
done
[ $# -eq 0 ] || names=("$@")
make -s build/etl
mkdir -p build/fuzz/obj
# shellcheck disable=SC2089 # the quotes are C's
export FLAGS='-std=gnu11 -D_GNU_SOURCE -DETL_VERSION="fuzz" -g1 -O1 -I. -Ilib -isystem build/deps/include -fno-omit-frame-pointer
    -fsanitize=address,undefined -fno-sanitize-recover=undefined -pthread'
export LIBRARIES='build/deps/lib/libcurl.a build/deps/lib/libcjson.a build/deps/lib/libsqlite3.a build/deps/lib/liblexbor.a -lexpat -lssl
    -lcrypto -lcares -lzstd -lpcre2-8 -lxxhash -lz -lpthread -ldl -lm'
each=(xargs -P "$(nproc)" -d '\n')
# What every target links is compiled once, and again when it or any header (a struct may have changed) is younger.
header=$(git ls-files 'lib/*.h' | xargs ls -t | sed -n 1p)
objects=()
jobs=()
for f in $(find lib -mindepth 2 -maxdepth 2 -name '*.c' ! -name '*_test.c' ! -name '*_fuzz.c') build/gen/embed.c; do
    o=build/fuzz/obj/$(tr / _ <<<"${f%.c}").o
    objects+=("$o")
    [ "$o" -nt "$f" ] && [ "$o" -nt "$header" ] || jobs+=("$f" "$o")
done
if [ "${#jobs[@]}" -gt 0 ]; then
    # shellcheck disable=SC2016
    printf '%s\n' "${jobs[@]}" | "${each[@]}" -n 2 sh -c 'exec clang $FLAGS -fsanitize=fuzzer-no-link -c "$0" -o "$1"'
fi
rm -f build/fuzz/all.a
ar rcs build/fuzz/all.a "${objects[@]}"

# one NAME: its line; status 1 when something was found, 2 when it could not be run
one() {
    local name=$1 seconds=$2 inputs log=build/fuzz/$1.log status=0 source
    source=$(echo lib/*/"$name"_fuzz.c)
    # shellcheck disable=SC2086,SC2090
    clang $FLAGS -fsanitize=fuzzer -o "build/fuzz/$name" "$source" build/fuzz/all.a $LIBRARIES >"$log" 2>&1 || {
        echo "fuzz $name: does NOT BUILD, see $log"
        return 2
    }
    [ -n "$(ls "testdata/fuzz/$name" 2>/dev/null)" ] || {
        echo "fuzz $name: NO SEEDS in testdata/fuzz/$name"
        return 2
    }
    mkdir -p "build/fuzz/corpus-$name"
    "build/fuzz/$name" -max_total_time="$seconds" -max_len=4096 -rss_limit_mb=2048 -timeout=10 -artifact_prefix="build/fuzz/$name." \
        "build/fuzz/corpus-$name" "testdata/fuzz/$name" >"$log" 2>&1 || status=1
    inputs=$(grep -aoE '^#[0-9]+' "$log" | tail -1)
    if [ "$status" -ne 0 ]; then
        echo "fuzz $name: FOUND something, see $log"
        grep -aE 'ERROR|SUMMARY|runtime error|artifact|Test unit' "$log" | head -5
    elif [ -z "$inputs" ]; then
        echo "fuzz $name: RAN NOTHING, see $log"
        status=2
    else
        echo "fuzz $name: ${inputs#\#} inputs from $(find "testdata/fuzz/$name" -type f | wc -l) seeds, nothing found"
    fi
    return "$status"
}
export -f one
for name in "${names[@]}"; do rm -f "build/fuzz/$name.status"; done
# shellcheck disable=SC2016
printf '%s\n' "${names[@]}" | "${each[@]}" -n 1 bash -c 'out=$(one "$1" "$0"); s=$?; echo "$out"; echo "$s" >"build/fuzz/$1.status"; exit 0' "$seconds"
found=()
unrun=()
for name in "${names[@]}"; do
    case $(cat "build/fuzz/$name.status" 2>/dev/null) in
        0) ;;
        1) found+=("$name") ;;
        *) unrun+=("$name") ;;
    esac
done
echo "fuzz: ${#names[@]} targets, $seconds s each: found something in ${#found[@]}${found[*]:+ (${found[*]})}, could not run ${#unrun[@]}${unrun[*]:+ (${unrun[*]})}"
[ "${#found[@]}" -eq 0 ] && [ "${#unrun[@]}" -eq 0 ]
