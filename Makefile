# etl: one static binary. `make` builds it, `make demo` shows it, `make test` proves it; see README.md.
VERSION := 0.1.0
PREFIX ?= /usr/local
CC := gcc
BUILD ?= build
MODE ?= release

WARN := -Wall -Wextra -Wconversion -Wshadow -Werror -Wno-format-truncation
BASE := -std=gnu11 -D_GNU_SOURCE -DETL_VERSION='"$(VERSION)"' -I. -Ilib -isystem build/deps/include -I$(BUILD)/gen $(WARN) -MMD -MP -pthread
ifeq ($(MODE),asan)
CFLAGS := $(BASE) -g1 -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS := -fsanitize=address,undefined
else ifeq ($(MODE),tsan)
CFLAGS := $(BASE) -g1 -O1 -fno-omit-frame-pointer -fsanitize=thread
LDFLAGS := -fsanitize=thread
else
CFLAGS := $(BASE) -g -O3 -fno-plt
LDFLAGS := -static
endif
LIBS := build/deps/lib/libcurl.a build/deps/lib/libcjson.a build/deps/lib/libsqlite3.a build/deps/lib/liblexbor.a -lexpat -lssl -lcrypto -lcares -lzstd -lpcre2-8 -lxxhash -lz -lpthread -ldl -lm

LIB_SRC := $(filter-out %_test.c %_fuzz.c,$(wildcard lib/*/*.c))
CMD_SRC := $(wildcard cmd/*.c)
TEST_SRC := $(wildcard lib/*/*_test.c)
EMBED_SRC := $(shell find schemas lib/store/sql lib/report/page -type f 2>/dev/null)
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/embed.o
CMD_OBJ := $(CMD_SRC:%.c=$(BUILD)/obj/%.o)
TESTS := $(TEST_SRC:%.c=$(BUILD)/test/%)

# on all processors, unless make was told how many
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

.PHONY: all
all: $(BUILD)/etl

DEPS := build/deps/lib/libcurl.a build/deps/lib/libcjson.a build/deps/lib/libsqlite3.a build/deps/lib/liblexbor.a build/deps/page/uPlot.js
$(DEPS) &: scripts/deps.sh lib/store/sqlite/bulk_tree.c
	scripts/deps.sh
	@touch -c $(DEPS)

$(BUILD)/etl: $(LIB_OBJ) $(CMD_OBJ) $(DEPS)
	@$(CC) $(LDFLAGS) -o $@ $(CMD_OBJ) $(LIB_OBJ) $(LIBS) 2>$(BUILD)/link.log || { cat $(BUILD)/link.log; exit 1; }

# The same, linked dynamically: scripts/torture puts a failing malloc and a false clock before libc's.
$(BUILD)/etl-dynamic: $(LIB_OBJ) $(CMD_OBJ) $(DEPS)
	@$(CC) $(LDFLAGS:-static=) -o $@ $(CMD_OBJ) $(LIB_OBJ) $(LIBS)

$(BUILD)/obj/%.o: %.c | $(DEPS)
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -c $< -o $@

$(BUILD)/gen/embed.c: scripts/embed.sh $(EMBED_SRC) build/deps/page/uPlot.js | $(DEPS)
	@mkdir -p $(@D)
	@scripts/embed.sh $@ $(EMBED_SRC) build/deps/page/* build/deps/licenses/*.txt build/deps/versions.txt LICENSE
$(BUILD)/obj/embed.o: $(BUILD)/gen/embed.c
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -c $< -o $@

# A unit program links what it uses, not everything: the sixty of them are linked in a third of the time.
$(BUILD)/lib.a: $(LIB_OBJ)
	@rm -f $@
	@ar rcsT $@ $(LIB_OBJ)
$(BUILD)/test/%: %.c $(BUILD)/lib.a $(DEPS)
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(LDFLAGS:-static=) -o $@ $< $(BUILD)/lib.a $(LIBS) -lcmocka

# ---- what users call -------------------------------------------------------------------------------------------------

.PHONY: demo demo-parts test test-all test-run lint format docs install dist bench fuzz clean
demo: $(BUILD)/etl
	@scripts/demo.sh $(BUILD)/etl
demo-parts: $(BUILD)/etl
	@scripts/demo_parts.sh $(BUILD)/etl
.PHONY: demo-kamis
demo-kamis: $(BUILD)/etl
	@scripts/demo_kamis.sh $(BUILD)/etl

.PHONY: demo-pothole
demo-pothole: $(BUILD)/etl
	@scripts/demo_pothole.sh $(BUILD)/etl

# Everything that `make test` needs and a fresh machine lacks is installed first; nothing is when all is there.
.PHONY: test-packages
test-packages:
	@scripts/deps.sh packages test

test: test-packages
	@$(MAKE) -s --no-print-directory test-run
test-run: $(BUILD)/etl $(TESTS)
	@scripts/test.sh $(BUILD)

test-all: test-packages
	@$(MAKE) -s --no-print-directory $(BUILD)/etl $(BUILD)/etl-dynamic $(TESTS)
	@scripts/test.sh $(BUILD) --all

# Every moment instead of a sample: hours on two cores.
.PHONY: torture
torture: test-packages
	@$(MAKE) --no-print-directory $(BUILD)/etl $(BUILD)/etl-dynamic
	@python3 scripts/torture all --all --binary $(BUILD)/etl

.PHONY: asan asan-tests
asan: test-packages
	@ETL_ASAN_SECONDS=0 scripts/asan.sh
asan-tests: $(TESTS)

lint: test-packages
	@scripts/lint.sh
.PHONY: lint-deep
lint-deep: test-packages
	@scripts/lint.sh --deep
format:
	clang-format -i $$(git ls-files '*.c' '*.h')

DOC_OUT := man
docs: | $(DEPS)
	@mkdir -p $(BUILD)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -I. -Ilib -o $(BUILD)/gendoc scripts/gendoc.c
	$(BUILD)/gendoc $(DOC_OUT) $(VERSION)

install: $(BUILD)/etl
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	  $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 755 -s $(BUILD)/etl $(DESTDIR)$(PREFIX)/bin/etl
	install -m 644 man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 man/completions/etl.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/etl
	install -m 644 man/completions/_etl $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_etl
	install -m 644 man/completions/etl.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/etl.fish

dist: $(BUILD)/etl
	@scripts/dist.sh $(VERSION)

bench: $(BUILD)/etl $(BUILD)/bench_fetch
	@scripts/bench.sh $(BUILD)/etl
	@python3 scripts/bench_crawl.py $(BUILD)/etl --fetch $(BUILD)/bench_fetch
	@scripts/bench_kamis.sh $(BUILD)/etl

# The crawls alone: some five minutes.
.PHONY: bench-crawl
bench-crawl: $(BUILD)/etl $(BUILD)/bench_fetch
	@python3 scripts/bench_crawl.py $(BUILD)/etl --fetch $(BUILD)/bench_fetch
$(BUILD)/bench_fetch: scripts/bench_fetch.c $(LIB_OBJ) $(DEPS)
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIB_OBJ) $(LIBS) 2>$(BUILD)/link.log || { cat $(BUILD)/link.log; exit 1; }

fuzz:
	@scripts/fuzz.sh

clean:
	rm -rf $(BUILD)/obj $(BUILD)/test $(BUILD)/gen $(BUILD)/etl $(BUILD)/fuzz $(BUILD)/dist

-include $(shell find $(BUILD)/obj $(BUILD)/test -name '*.d' 2>/dev/null)
