#!/bin/bash
# make fuzz: every fuzz target for SECONDS_EACH seconds (60 unless told), from the seeds in testdata/fuzz. A crash
# leaves its input in build/fuzz/NAME.crash-*. scripts/fuzz.sh [SECONDS_EACH [NAME...]]
set -eu
seconds=${1:-60}
[ $# -eq 0 ] || shift
make -s build/etl
mkdir -p build/fuzz/obj
flags=(-std=gnu11 -D_GNU_SOURCE '-DETL_VERSION="fuzz"' -g -O1 -I. -Ilib -isystem build/deps/include -fno-omit-frame-pointer '-fsanitize=address,undefined'
    -fno-sanitize-recover=undefined -pthread)
objects=()
jobs=()
header=$(git ls-files 'lib/*.h' | xargs ls -t | sed -n 1p) # the youngest: a struct may have changed
for f in $(find lib -mindepth 2 -maxdepth 2 -name '*.c' ! -name '*_test.c' ! -name '*_fuzz.c') build/gen/embed.c; do
    o=build/fuzz/obj/$(tr / _ <<<"${f%.c}").o
    objects+=("$o")
    [ "$o" -nt "$f" ] && [ "$o" -nt "$header" ] || jobs+=("$f" "$o")
done
for ((i = 0; i < ${#jobs[@]}; i += 2)); do
    clang "${flags[@]}" -fsanitize=fuzzer-no-link -c "${jobs[i]}" -o "${jobs[i + 1]}"
done
bad=0
for f in lib/*/*_fuzz.c; do
    name=$(basename "${f%_fuzz.c}")
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    clang "${flags[@]}" -fsanitize=fuzzer -o "build/fuzz/$name" "$f" "${objects[@]}" build/deps/lib/libcurl.a build/deps/lib/libcjson.a build/deps/lib/libsqlite3.a build/deps/lib/liblexbor.a -lexpat \
        -lssl -lcrypto -lcares -lzstd -lpcre2-8 -lxxhash -lz -lpthread -ldl -lm
    mkdir -p "build/fuzz/corpus-$name"
    if "build/fuzz/$name" -max_total_time="$seconds" -max_len=4096 -rss_limit_mb=2048 -timeout=10 -artifact_prefix="build/fuzz/$name." \
        "build/fuzz/corpus-$name" "testdata/fuzz/$name" >"build/fuzz/$name.log" 2>&1; then
        echo "fuzz $name: $(grep -oE '^#[0-9]+' "build/fuzz/$name.log" | tail -1) inputs, nothing found"
    else
        bad=1
        echo "fuzz $name: FOUND something, see build/fuzz/$name.log"
        grep -E 'ERROR|SUMMARY|artifact' "build/fuzz/$name.log" | head -5
    fi
done
exit $bad
