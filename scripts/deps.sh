#!/usr/bin/env bash
# Build the static libraries that the program links, from Debian's sources
# (lexbor, which Debian 12 lacks, from a source package of PyPI).
#
# Debian ships no static libcurl/libcjson that links without a long tail of
# further libraries, and its SQLite is not tuned for us, so these three are
# compiled here with our own flags.  Everything else comes from -dev packages.
#
# bash rather than sh: "declare -f" gives the text of a recipe without its
# comments, which is what the stamps hash, and "set -m" lets an interrupted
# run stop its background builds.
set -euo pipefail

# Needed to compile the libraries and the program; the lib*-dev packages also
# bring the static archives that the final link uses.
BUILD_PACKAGES="gcc make cmake dpkg-dev ca-certificates tcl pkg-config libc6-dev
  zlib1g-dev libssl-dev libpcre2-dev libzstd-dev libc-ares-dev libxxhash-dev
  libexpat1-dev python3-pip"

# Needed only to test, check and format the program, never to build it.
TEST_PACKAGES="libcmocka-dev jq sqlite3 python3 valgrind strace clang
  clang-format clang-tidy cppcheck libclang-rt-14-dev mandoc shellcheck openssl python3-aiosmtpd"

# What the pages draw their charts with, from the npm registry: no Debian
# package has it.  apt's own downloader checks the hash, so nothing more is
# needed to fetch it.
UPLOT_VERSION=1.6.32
UPLOT_URL=https://registry.npmjs.org/uplot/-/uplot-$UPLOT_VERSION.tgz
UPLOT_SHA512=2883159c6ebccefbb95d751b0b82d010f9e1c0ec41b8bc96d401eda66e882935c89a46cb824332fa369b8cb8122cc6ac36e186cd09bf7a9ded3a4c93c6989023

# The libraries built here; each is also the name of its Debian source package,
# but for lexbor: its sources are part of this source package of PyPI.
LIBRARIES="curl cjson sqlite3 lexbor"
LEXBOR_SDIST=selectolax==1.0.2
LEXBOR_SHA256=f0508ad927aa426425d4aa7a2bb2f8b21c01412534465bd227e241d4d0a6a418

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
DEPS=$ROOT/build/deps
SRC=$DEPS/src
APT=$DEPS/apt

# The result must depend on this file only: not on the caller's compiler
# settings, nor on the job server of a make that runs this script.
unset CFLAGS CPPFLAGS CXXFLAGS LDFLAGS MAKEFLAGS MFLAGS MAKELEVEL
unset DESTDIR CMAKE_GENERATOR CMAKE_PREFIX_PATH CMAKE_TOOLCHAIN_FILE
export CC=gcc LC_ALL=C

note() { printf 'deps: %s\n' "$*" >&2; }
die() { note "$*"; exit 1; }

# fail_with_log MESSAGE LOG: the log's end is what tells the cause.
fail_with_log() {
  note "$1; the end of $2:"
  tail -n 25 "$2" >&2 || true
  exit 1
}

usage() {
  cat <<'HELP'
usage: scripts/deps.sh                  packages, then build
       scripts/deps.sh packages [test]  install missing Debian packages
       scripts/deps.sh build            make static libraries in build/deps
       scripts/deps.sh --help

build/deps/include, lib   headers and archives of curl, cJSON, SQLite, lexbor
build/deps/page           uPlot, which travels in the pages
build/deps/licenses       licences of everything that is linked statically
build/deps/versions.txt   "name version" of the same

Finished work is not repeated.  A source once downloaded is kept; to look for
newer Debian versions, remove build/deps/src and run this again.
HELP
}

# ---------------------------------------------------------------- packages --

# Print those of the named packages that are not installed.
missing_packages() {
  local have p
  # dpkg-query fails when one name is unknown, but still lists the others.
  # shellcheck disable=SC2016 # ${...} is dpkg-query's own format syntax
  have=" $(dpkg-query -W -f '${db:Status-Abbrev}:${Package} ' "$@" 2>/dev/null || true)"
  for p in "$@"; do
    # The second letter is the state; the first may be "hold", for example.
    case $have in
      *[a-z]"i :$p "*) ;;
      *) printf '%s ' "$p" ;;
    esac
  done
}

cmd_packages() {
  local want missing log
  want=$BUILD_PACKAGES
  case ${1-} in
    '') ;;
    test) want="$want $TEST_PACKAGES" ;;
    *) usage >&2; exit 2 ;;
  esac
  # shellcheck disable=SC2086 # a list of words
  missing=$(missing_packages $want)
  missing=${missing% }
  [ -n "$missing" ] || return 0

  if [ "$(id -u)" -ne 0 ]; then
    note "packages are missing; as root run:"
    printf 'apt-get update && apt-get install -y --no-install-recommends %s\n' "$missing" >&2
    exit 1
  fi

  mkdir -p "$DEPS"
  log=$DEPS/packages.log
  export DEBIAN_FRONTEND=noninteractive
  note "apt-get update"
  # An unrelated repository that cannot be reached must not stop us: what
  # matters is whether the installation succeeds.
  apt-get -qq -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 </dev/null ||
    note "apt-get update reported errors (see $log); trying to install anyway"
  note "installing $missing"
  # shellcheck disable=SC2086 # a list of words
  apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
    install $missing >>"$log" 2>&1 </dev/null ||
    fail_with_log "apt-get install failed" "$log"
}

# ----------------------------------------------------------------- sources --

# Print deb-src lines for Debian's own suites as this machine is set up to
# reach them.  Third-party repositories have none of our sources and are often
# unreachable, so only archives that look like Debian's by their path are kept.
# Backports are left out: they would give other versions than the release's.
debian_source_lines() {
  local codename=bookworm f
  # shellcheck disable=SC1091 # not part of this project
  codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-bookworm}")
  for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
           /etc/apt/sources.list.d/*.sources; do
    [ -r "$f" ] || continue
    awk -v codename="$codename" -v deb822="$(case $f in *.sources) echo 1 ;; *) echo 0 ;; esac)" '
      function is_debian(uri) {
        sub(/\/+$/, "", uri)
        # "mirror+file:/etc/apt/mirrors/debian.list" is what cloud images
        # have; a date follows the name on snapshot.debian.org.
        return uri ~ /\/debian(-security|-updates)?(\.list)?$/ ||
               uri ~ /\/debian(-security)?\/[0-9]+T[0-9]+Z$/ ||
               uri ~ /\/\/security\.debian\.org$/
      }
      function emit(opts, uri, suite) {
        sub(/\/+$/, "", suite)
        if (!is_debian(uri)) return
        if (suite != codename && suite != codename "-updates" &&
            suite != codename "-security") return
        sub(/^ +/, "", opts)
        print "deb-src " (opts == "" ? "" : "[" opts "] ") uri " " suite " main"
      }
      # Only options that decide whether an archive is trusted are kept;
      # others, such as the architecture, do not matter for sources.
      function keep(name) {
        return name == "signed-by" || name == "trusted" || name == "check-valid-until"
      }
      function end_stanza(   i, j, n, m, u, s, opts, k, v) {
        if (("uris" in val) && tolower(val["enabled"]) !~ /no|false|0/ &&
            (" " val["components"] " ") ~ / main /) {
          for (k in val) {
            v = val[k]; gsub(/^[ \t]+|[ \t]+$/, "", v)
            # A key written out in the stanza has no one-line form; Debian
            # archives are then checked with the keys apt trusts anyway.
            if (keep(k) && v !~ /[ \t]/ && v != "") opts = opts " " k "=" v
          }
          n = split(val["uris"], u, /[ \t]+/); m = split(val["suites"], s, /[ \t]+/)
          for (i = 1; i <= n; i++) for (j = 1; j <= m; j++) emit(opts, u[i], s[j])
        }
        split("", val); key = ""
      }
      { sub(/\r$/, "") }
      /^#/ { next }
      deb822 && /^[ \t]*$/ { end_stanza(); next }
      deb822 && /^[ \t]/ { val[key] = val[key] " " $0; next }
      deb822 {
        i = index($0, ":"); key = tolower(substr($0, 1, i - 1))
        val[key] = substr($0, i + 1); gsub(/\t/, " ", val[key]); next
      }
      /cdrom:/ { next }
      /^[ \t]*deb(-src)?[ \t]/ {
        sub(/[ \t]#.*/, ""); opts = ""
        if (match($0, /\[[^]]*\]/)) {
          n = split(substr($0, RSTART + 1, RLENGTH - 2), o, /[ \t]+/)
          $0 = substr($0, 1, RSTART - 1) " " substr($0, RSTART + RLENGTH)
          for (i = 1; i <= n; i++) {
            name = o[i]; sub(/[+-]?=.*/, "", name)
            if (keep(tolower(name))) opts = opts " " o[i]
          }
        }
        for (i = 4; i <= NF; i++) if ($i == "main") { emit(opts, $2, $3); break }
      }
      END { if (deb822) end_stanza() }
    ' "$f"
  done | sort -u
}

# A configuration of our own, read after the machine's (-c), so that proxies,
# mirrors and credentials stay as they are while nothing below /etc/apt or
# /var/lib/apt is changed.
apt_setup() {
  local log=$DEPS/apt.log
  mkdir -p "$APT/lists/partial" "$APT/cache/archives/partial" "$APT/empty.d"
  debian_source_lines >"$APT/sources.list"
  if ! [ -s "$APT/sources.list" ]; then
    note "no Debian archive found in /etc/apt; using deb.debian.org"
    cat >"$APT/sources.list" <<'LIST'
deb-src http://deb.debian.org/debian bookworm main
deb-src http://deb.debian.org/debian bookworm-updates main
deb-src http://deb.debian.org/debian-security bookworm-security main
LIST
  fi
  # The hooks of the machine (package kits, cache cleaners) are not for us.
  # apt's unprivileged user cannot write below a private home directory, so
  # the download is done as the caller; apt still checks all signatures.
  cat >"$APT/apt.conf" <<CONF
Dir::Etc::sourcelist "$APT/sources.list";
Dir::Etc::sourceparts "$APT/empty.d";
Dir::State::lists "$APT/lists";
Dir::Cache "$APT/cache";
Dir::Cache::archives "archives";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Acquire::Languages "none";
Acquire::Retries "2";
APT::Sandbox::User "root";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
  note "reading the lists of Debian's source packages"
  apt-get -c "$APT/apt.conf" -q update >"$log" 2>&1 </dev/null ||
    note "apt-get update reported errors (see $log); trying to go on"
}

# Source versions that the lists know, newest first.
source_versions() {
  local v w sorted=() i known
  known=$(apt-cache -c "$APT/apt.conf" showsrc --only-source "$1" 2>/dev/null |
          awk '$1 == "Version:" { print $2 }' | sort -u) || true
  for v in $known; do
    for i in "${!sorted[@]}"; do
      w=${sorted[$i]}
      if dpkg --compare-versions "$v" gt "$w"; then
        sorted=("${sorted[@]:0:$i}" "$v" "${sorted[@]:$i}")
        continue 2
      fi
    done
    sorted+=("$v")
  done
  [ ${#sorted[@]} -eq 0 ] || printf '%s\n' "${sorted[@]}"
}

# Download and unpack one source package into src/NAME.  A mirror may list a
# version that it does not serve (any more, or yet), hence the loop.
fetch_source() {
  local name=$1 log=$DEPS/$1.log version dsc
  : >"$log"
  mkdir -p "$SRC/download"
  for version in $(source_versions "$name"); do
    note "downloading the source of $name $version"
    dsc=$SRC/download/${name}_${version#*:}.dsc
    # dpkg-source compares the files with the checksums in the .dsc, which
    # apt has compared with the signed lists, and applies Debian's patches.
    rm -rf "$SRC/$name.new"
    if (cd "$SRC/download" && apt-get -c "$APT/apt.conf" -q --only-source \
          --download-only source "$name=$version") >>"$log" 2>&1 </dev/null &&
       dpkg-source --no-copy -x "$dsc" "$SRC/$name.new" >>"$log" 2>&1; then
      rm -rf "${SRC:?}/$name"
      mv "$SRC/$name.new" "$SRC/$name"
      # Written last: its presence says that the tree is complete.
      echo "$version" >"$SRC/$name.version.new"
      mv "$SRC/$name.version.new" "$SRC/$name.version"
      return 0
    fi
    note "$name $version cannot be had from the mirror"
  done
  cat "$DEPS/apt.log" >>"$log" 2>/dev/null || true
  fail_with_log "no source of $name could be downloaded" "$log"
}

# pip asks a source package for its metadata, which needs its build tools, so
# it may install those in a directory of its own.
fetch_lexbor() {
  local log=$DEPS/lexbor.log to=$SRC/download/lexbor sdist
  rm -rf "$to" "$SRC/lexbor.new"
  mkdir -p "$to" "$SRC/lexbor.new"
  note "downloading the source of lexbor (in $LEXBOR_SDIST)"
  /usr/bin/python3 -m pip download -q --no-deps --no-binary :all: --no-cache-dir \
    --only-binary setuptools,wheel,cython -d "$to" "$LEXBOR_SDIST" >"$log" 2>&1 </dev/null ||
    fail_with_log "the source of lexbor could not be downloaded" "$log"
  sdist=$to/${LEXBOR_SDIST%%==*}-${LEXBOR_SDIST##*==}.tar.gz
  echo "$LEXBOR_SHA256  $sdist" | sha256sum -c --quiet >>"$log" 2>&1 ||
    fail_with_log "$sdist is not what it should be" "$log"
  tar -xzf "$sdist" -C "$SRC/lexbor.new" --strip-components=2 --wildcards '*/lexbor/*' \
    --exclude='*/selectolax/*' >>"$log" 2>&1 || fail_with_log "cannot unpack $sdist" "$log"
  rm -rf "$SRC/lexbor"
  mv "$SRC/lexbor.new" "$SRC/lexbor"
  sed -n 's/^LEXBOR_VERSION=//p' "$SRC/lexbor/version" >"$SRC/lexbor.version.new"
  mv "$SRC/lexbor.version.new" "$SRC/lexbor.version"
}

have_source() { [ -s "$SRC/$1.version" ] && [ -d "$SRC/$1" ]; }

# ----------------------------------------------------------------- recipes --
# recipe_NAME SOURCE WORK OUT: build in WORK, leave include/ and lib/ in OUT.
# They run under "set -e", and their text is part of the stamp.

recipe_curl() {
  # Only what the program speaks: HTTP(S) and SMTP(S).  c-ares resolves names
  # so that no request depends on glibc's resolver, which a static program
  # cannot use without the shared libraries of the very same glibc.  No CA
  # path is built in: the program looks for the bundle when it runs.
  local off=() p
  for p in DICT FILE FTP GOPHER IMAP LDAP LDAPS MQTT POP3 RTSP SMB TELNET TFTP; do
    off+=("-DCURL_DISABLE_$p=ON")
  done
  cmake -S "$1" -B "$2" -G "Unix Makefiles" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE="-O2 -DNDEBUG" \
    -DCMAKE_INSTALL_PREFIX="$3" -DCMAKE_INSTALL_LIBDIR=lib \
    -DBUILD_SHARED_LIBS=OFF -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF \
    -DENABLE_MANUAL=OFF -DENABLE_ARES=ON -DENABLE_IPV6=ON \
    -DCURL_USE_OPENSSL=ON -DCURL_ZLIB=ON -DCURL_ZSTD=ON -DCURL_BROTLI=OFF \
    -DCURL_USE_LIBPSL=OFF -DUSE_LIBIDN2=OFF -DUSE_NGHTTP2=OFF \
    -DCURL_USE_LIBSSH2=OFF -DCURL_USE_LIBSSH=OFF -DCURL_USE_GSSAPI=OFF \
    -DUSE_LIBRTMP=OFF -DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none \
    -DCURL_CA_FALLBACK=OFF "${off[@]}"
  make -C "$2" -j "$(nproc)" install
}

recipe_cjson() {
  mkdir -p "$3/include/cjson" "$3/lib"
  gcc -O2 -std=c99 -c "$1/cJSON.c" -o "$2/cJSON.o"
  ar rcs "$3/lib/libcjson.a" "$2/cJSON.o"
  cp "$1/cJSON.h" "$3/include/cjson/"
}

recipe_sqlite3() {
  # The amalgamation lets the compiler optimise across SQLite's files; making
  # it needs tclsh.  SQLITE_ENABLE_RTREE and _STMT_SCANSTATUS are switched on
  # by being defined at all, even as 0, so they are left out.
  mkdir -p "$3/include" "$3/lib"
  (cd "$2" && "$1/configure" --disable-shared --disable-tcl --disable-readline)
  make -C "$2" sqlite3.c
  # Our way to fill b-trees directly calls what SQLite keeps to itself, so it
  # is compiled as its tail.
  cat "$ROOT/lib/store/sqlite/bulk_tree.c" >>"$2/sqlite3.c"
  gcc -O3 -c "$2/sqlite3.c" -o "$2/sqlite3.o" \
    -DSQLITE_THREADSAFE=2 -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_DQS=0 \
    -DSQLITE_LIKE_DOESNT_MATCH_BLOBS -DSQLITE_MAX_EXPR_DEPTH=0 \
    -DSQLITE_OMIT_DEPRECATED -DSQLITE_OMIT_LOAD_EXTENSION \
    -DSQLITE_OMIT_SHARED_CACHE -DSQLITE_USE_ALLOCA \
    -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_STAT4 \
    -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_ENABLE_COLUMN_METADATA \
    -DSQLITE_TEMP_STORE=1 -DSQLITE_MAX_VARIABLE_NUMBER=250000 \
    -DUSE_PREAD=1 -DHAVE_FDATASYNC=1 -DHAVE_USLEEP=1 -DHAVE_LOCALTIME_R=1 -DHAVE_GMTIME_R=1
  ar rcs "$3/lib/libsqlite3.a" "$2/sqlite3.o"
  cp "$2/sqlite3.h" "$3/include/"
}

recipe_lexbor() {
  cmake -S "$1" -B "$2" -G "Unix Makefiles" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_FLAGS_RELEASE="-O2 -DNDEBUG" -DCMAKE_INSTALL_PREFIX="$3" -DCMAKE_INSTALL_LIBDIR=lib \
    -DLEXBOR_BUILD_SHARED=OFF -DLEXBOR_BUILD_STATIC=ON
  make -C "$2" -j "$(nproc)" install
  mv "$3/lib/liblexbor_static.a" "$3/lib/liblexbor.a"
}

# ------------------------------------------------------------------- pages --

have_uplot() {
  [ -s "$DEPS/page/uPlot.js" ] && [ "$(cat "$SRC/uplot.version" 2>/dev/null)" = "$UPLOT_VERSION" ]
}

# A download that was cut is not taken up again: the hash would not fit.
fetch_uplot() {
  local log=$DEPS/uplot.log file=$SRC/download/uplot-$UPLOT_VERSION.tgz
  mkdir -p "$SRC/download" "$SRC/uplot.new" "$DEPS/page"
  if ! echo "$UPLOT_SHA512  $file" | sha512sum --check --status 2>/dev/null; then
    rm -f "$file"
    note "downloading uPlot $UPLOT_VERSION"
    /usr/lib/apt/apt-helper -o APT::Sandbox::User=root -o Acquire::Retries=3 \
      download-file "$UPLOT_URL" "$file" "SHA512:$UPLOT_SHA512" >"$log" 2>&1 </dev/null ||
      fail_with_log "uPlot could not be downloaded from $UPLOT_URL (a copy may be put at $file)" "$log"
  fi
  tar -xzf "$file" -C "$SRC/uplot.new"
  cp "$SRC/uplot.new/package/LICENSE" "$SRC/uplot.LICENSE"
  cp "$SRC/uplot.new/package/dist/uPlot.min.css" "$DEPS/page/uPlot.css"
  cp "$SRC/uplot.new/package/dist/uPlot.iife.min.js" "$DEPS/page/uPlot.js.new"
  mv "$DEPS/page/uPlot.js.new" "$DEPS/page/uPlot.js"
  rm -rf "$SRC/uplot.new"
  echo "$UPLOT_VERSION" >"$SRC/uplot.version"
}

# ------------------------------------------------------------------- build --

# The stamp names the version and the recipe, so either change rebuilds.
stamp_of() {
  local version hash
  version=$(cat "$SRC/$1.version")
  hash=$({ echo "$version"; declare -f "recipe_$1"
           [ "$1" != sqlite3 ] || cat "$ROOT/lib/store/sqlite/bulk_tree.c"; } | sha256sum)
  printf '%s/.%s-%s-%s' "$DEPS" "$1" "${version#*:}" "${hash:0:12}"
}

is_built() {
  have_source "$1" && [ -e "$DEPS/lib/lib$1.a" ] && [ -e "$(stamp_of "$1")" ]
}

# Build one library away from the results and move it in place when complete,
# so that an interrupted run leaves either the old or the new one.  The stamp
# goes first and comes last for the same reason.
build_library() {
  local name=$1 tmp=$DEPS/tmp/$1 dir f stamp
  stamp=$(stamp_of "$name")
  rm -rf "$tmp"
  mkdir -p "$tmp/work" "$tmp/out" "$DEPS/include" "$DEPS/lib"
  "recipe_$name" "$SRC/$name" "$tmp/work" "$tmp/out"
  rm -f "$DEPS/.$name-"*
  for dir in include lib; do
    for f in "$tmp/out/$dir"/*; do
      case $f in
        # They name the temporary directory, and nothing here reads them.
        */pkgconfig | */cmake) continue ;;
      esac
      rm -rf "${DEPS:?}/$dir/${f##*/}"
      mv "$f" "$DEPS/$dir/"
    done
  done
  rm -rf "$tmp"
  : >"$stamp"
}

# Replace FILE by standard input only when it differs, so that its date tells
# make the truth.
update_file() {
  cat >"$1.new"
  if cmp -s "$1.new" "$1"; then rm -f "$1.new"; else mv "$1.new" "$1"; fi
}

# The licences and versions of everything that ends up in the static program.
write_notices() {
  local pair name package
  mkdir -p "$DEPS/licenses"
  update_file "$DEPS/licenses/curl.txt" <"$SRC/curl/COPYING"
  update_file "$DEPS/licenses/cjson.txt" <"$SRC/cjson/LICENSE"
  cat "$SRC/lexbor/LICENSE" "$SRC/lexbor/NOTICE" | update_file "$DEPS/licenses/lexbor.txt"
  update_file "$DEPS/licenses/uplot.txt" <"$SRC/uplot.LICENSE"
  update_file "$DEPS/licenses/sqlite.txt" <<'TEXT'
SQLite is in the public domain: its authors have dedicated all of its code to it.
See https://www.sqlite.org/copyright.html
TEXT
  local pairs="zlib:zlib1g-dev openssl:libssl-dev pcre2:libpcre2-dev zstd:libzstd-dev
    xxhash:libxxhash-dev c-ares:libc-ares-dev expat:libexpat1-dev glibc:libc6"
  for pair in $pairs; do
    name=${pair%%:*} package=${pair#*:}
    if [ -r "/usr/share/doc/$package/copyright" ]; then
      update_file "$DEPS/licenses/$name.txt" <"/usr/share/doc/$package/copyright"
    else
      note "no licence found: /usr/share/doc/$package/copyright"
    fi
  done
  {
    echo "curl $(cat "$SRC/curl.version")"
    echo "cjson $(cat "$SRC/cjson.version")"
    echo "sqlite $(cat "$SRC/sqlite3.version")"
    echo "lexbor $(cat "$SRC/lexbor.version")"
    echo "uplot $(cat "$SRC/uplot.version")"
    for pair in $pairs; do
      # What is linked is in the -dev package; glibc's has another name.
      package=${pair#*:}
      [ "$package" != libc6 ] || package=libc6-dev
      # shellcheck disable=SC2016 # ${...} is dpkg-query's own format syntax
      echo "${pair%%:*} $(dpkg-query -W -f '${Version}\n' "$package" | head -n 1)"
    done
  } | update_file "$DEPS/versions.txt"
}

# One library from its download to its place, beside the others. Its compilers
# speak to its log, everything else to the user.
make_library() {
  local name=$1 status=0
  have_source "$name" ||
    if [ "$name" = lexbor ]; then fetch_lexbor; else fetch_source "$name"; fi
  # With a new source an existing archive may turn out to be current.
  ! is_built "$name" || return 0
  note "building $name $(cat "$SRC/$name.version")"
  # In an "||" list, errors inside would not end it.
  set +e
  (set -e; build_library "$name") >"$DEPS/$name.log" 2>&1
  status=$?
  set -e
  [ $status -eq 0 ] || fail_with_log "building $name failed" "$DEPS/$name.log"
}

PIDS=()
stop_builds() {
  local pid
  for pid in "${PIDS[@]}"; do
    kill -TERM -- "-$pid" 2>/dev/null || true
  done
  note "interrupted; run again to continue"
  exit 130
}

cmd_build() {
  local missing name todo=() failed=() i lists=
  # shellcheck disable=SC2086 # a list of words
  missing=$(missing_packages $BUILD_PACKAGES)
  [ -z "$missing" ] || die "packages are missing (${missing% }); run: scripts/deps.sh packages"

  mkdir -p "$DEPS" "$SRC"
  # Two runs at once, for example from a parallel make, would share tmp/.
  exec 9>"$DEPS/.lock"
  flock 9

  for name in $LIBRARIES; do
    is_built "$name" || todo+=("$name")
    have_source "$name" || [ "$name" = lexbor ] || lists=needed
  done

  if [ ${#todo[@]} -gt 0 ]; then
    [ -z "$lists" ] || apt_setup
    trap stop_builds INT TERM HUP
    # Job control gives each library a process group, so that stopping one
    # stops its compilers too.
    set -m
    for name in "${todo[@]}"; do
      make_library "$name" </dev/null &
      PIDS+=($!)
    done
    set +m
    for i in "${!todo[@]}"; do
      wait "${PIDS[$i]}" || failed+=("${todo[$i]}")
    done
    trap - INT TERM HUP
    [ ${#failed[@]} -eq 0 ] || die "without ${failed[*]} there is nothing to link"
    rm -rf "$DEPS/tmp"
  fi

  have_uplot || fetch_uplot
  write_notices
  note "libraries in $DEPS are up to date"
}

case ${1-} in
  '') cmd_packages; cmd_build ;;
  packages) [ $# -le 2 ] || { usage >&2; exit 2; }; cmd_packages "${2-}" ;;
  build) [ $# -eq 1 ] || { usage >&2; exit 2; }; cmd_build ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
