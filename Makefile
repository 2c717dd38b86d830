# kura: one Makefile.  `make help` lists the targets.
#
# Objects go to build/<variant>/ (debug, release, asan, tsan), so variants
# never mix; a changed flag rebuilds.  Sources are found by wildcard: a new
# file needs no line here.

VARIANT ?= release
B       := build/$(VARIANT)
CC      ?= gcc
PREFIX  ?= /usr/local
FUZZ_SECONDS ?= 60
PKGS    := sqlite3 libpcre2-8 libarchive yaml-0.1 libcrypto libpsl libidn2 libzstd zlib yajl expat

BUILD_PACKAGES := gcc make pkgconf libsqlite3-dev libzstd-dev zlib1g-dev libarchive-dev \
                  libpcre2-dev libyaml-dev libyajl-dev libexpat1-dev libssl-dev libpsl-dev \
                  libidn2-dev tzdata publicsuffix
TEST_PACKAGES  := libcmocka-dev perl sqlite3 zstd xz-utils bzip2 zip p7zip-full \
                  libarchive-tools mandoc valgrind chromium libevtx-utils

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wundef -Wvla -Wformat=2
OPT_release := -O2 -g
OPT_debug   := -O0 -g3
OPT_asan    := -O1 -g -fsanitize=address,undefined -fno-omit-frame-pointer
OPT_tsan    := -O1 -g -fsanitize=thread
# clang only; its main() is libFuzzer's.
OPT_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer

# Asked when a recipe runs, because the packages may be installed by then only.
PC_CFLAGS = $(shell pkg-config --cflags $(PKGS))
PC_LIBS   = $(shell pkg-config --libs $(PKGS))

CPPFLAGS_ALL = -D_POSIX_C_SOURCE=200809L -I. -I$(B)/gen -include base/banned.h \
               $(PC_CFLAGS) $(CPPFLAGS)
CFLAGS_ALL   = -std=c11 $(WARN) $(if $(WERROR),-Werror) $(OPT_$(VARIANT)) -pthread $(CFLAGS)
LDFLAGS_ALL  = $(OPT_$(VARIANT)) -pthread $(LDFLAGS)

LIB_SRC  := $(wildcard base/*.c store/*.c ingest/*.c archive/*.c)
QUERY_SRC := $(filter-out query/module.c,$(wildcard query/*.c))
CLI_SRC  := $(wildcard cli/*.c)
GEN_C    := $(B)/gen/embedded.c
EMBEDDED := $(wildcard sql/*.sql sql/tables/*.sql sql/case/*.sql sql/reports/*.sql sql/timeline/*.sql sql/hunts/*.sql ingest/formats/*.yaml \
                       archive/*.txt docs/examples/*.yaml docs/log-sources.md sql/lists/*.txt sql/*.css)

OBJ      := $(patsubst %.c,$(B)/%.o,$(LIB_SRC) $(QUERY_SRC)) $(B)/gen/embedded.o
CLI_OBJ  := $(patsubst %.c,$(B)/%.o,$(CLI_SRC))
# kura.so calls SQLite through its host, so it is compiled apart.
SO_OBJ   := $(patsubst %.c,$(B)/so/%.o,$(filter-out ingest/% archive/%,$(LIB_SRC)) $(wildcard query/*.c)) \
            $(B)/so/gen/embedded.o
UNIT     := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
# Parts of the log generator, which needs nothing of kura.
GENERATE := $(patsubst %.c,$(B)/%.o,$(wildcard tests/bench/gen/*.c))
FUZZ     := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
TOOLS    := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c)) \
            $(patsubst tests/sql/%.c,$(B)/sql/%,$(wildcard tests/sql/*.c)) \
            $(FUZZ) $(B)/fault/shim.so
TESTS    := $(sort $(wildcard tests/cli/*.t tests/sql/*.t tests/crash/*.t tests/docs/*.t \
                    tests/fuzz/*.t tests/fault/*.t))

ifeq ($(V),)
Q := @
say = @printf '  %-6s %s\n' $(1) $(2);
endif

.DELETE_ON_ERROR:
.PHONY: all check check-asan check-tsan fuzz fuzz-run fuzz-replay demo bench clean help \
        deps test-deps install uninstall tests format lint check-layers check-headers

all: $(B)/kura $(B)/kura.so

$(B)/flags: FORCE
	@mkdir -p $(B)
	@echo '$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) $(WERROR)' | cmp -s - $@ || \
	  echo '$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) $(WERROR)' > $@
.PHONY: FORCE
FORCE:

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/so/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC.so,$<)$(CC) $(CPPFLAGS_ALL) -DKURA_MODULE $(CFLAGS_ALL) -fPIC \
	  -fvisibility=hidden -MMD -MP -c -o $@ $<

# Which files are embedded: one that is added or gone makes it anew too.
$(B)/embedded.list: FORCE
	@mkdir -p $(B)
	@echo '$(EMBEDDED)' | cmp -s - $@ || echo '$(EMBEDDED)' > $@

$(GEN_C): sql/embed.sh $(EMBEDDED) $(B)/embedded.list
	@mkdir -p $(@D)
	$(call say,EMBED,$@)sh sql/embed.sh $(EMBEDDED) > $@

$(B)/gen/embedded.o: $(GEN_C)
	$(call say,CC,$<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

$(B)/so/gen/embedded.o: $(GEN_C)
	@mkdir -p $(@D)
	$(call say,CC.so,$<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -fPIC -fvisibility=hidden -c -o $@ $<

$(B)/kura: $(CLI_OBJ) $(OBJ)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PC_LIBS) -lm

$(B)/kura.so: $(SO_OBJ)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -shared -o $@ $^ \
	  $(filter-out -lsqlite3,$(PC_LIBS)) -lm

$(B)/unit/%: tests/unit/%.c $(OBJ)
	@mkdir -p $(@D)
	$(call say,TEST,$@)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -MMD -MP \
	  -o $@ $< $(OBJ) $(PC_LIBS) -lcmocka -lm

$(B)/bench/%: tests/bench/%.c $(OBJ)
	@mkdir -p $(@D)
	$(call say,TOOL,$@)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -MMD -MP \
	  -o $@ $< $(OBJ) $(PC_LIBS) -lm

$(B)/bench/generate: tests/bench/generate.c $(GENERATE)
	@mkdir -p $(@D)
	$(call say,TOOL,$@)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -MMD -MP \
	  -o $@ $< $(GENERATE) -lm

$(B)/sql/%: tests/sql/%.c $(OBJ)
	@mkdir -p $(@D)
	$(call say,TOOL,$@)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -MMD -MP \
	  -o $@ $< $(OBJ) $(PC_LIBS) -lm

# tests/fuzz/main.c replays and mutates; the variant `fuzz` has libFuzzer instead.
FUZZ_MAIN := $(if $(filter fuzz,$(VARIANT)),-fsanitize=fuzzer,tests/fuzz/main.c)
$(B)/fuzz/%: tests/fuzz/%.c tests/fuzz/main.c tests/fuzz/fuzz.h $(OBJ)
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(FUZZ_MAIN) \
	  $(filter-out $(FUZZ_WITHOUT),$(OBJ)) $(PC_LIBS) -lm
# It has a table of embedded files of its own.
$(B)/fuzz/fuzz_format: FUZZ_WITHOUT := $(B)/gen/embedded.o

# Preloaded into a kura of any variant, so no sanitizer here; but theirs allocate.
$(B)/fault/shim.so: tests/fault/shim.c
	@mkdir -p $(@D)
	$(call say,SHIM,$@)$(CC) -std=c11 $(WARN) $(if $(WERROR),-Werror) -O2 -g -fPIC -shared \
	  $(if $(filter asan tsan,$(VARIANT)),-DSHIM_WITHOUT_MEMORY) -o $@ $<

-include $(OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(SO_OBJ:.o=.d) $(GENERATE:.o=.d) $(UNIT:=.d) $(TOOLS:=.d)

# Installs what is missing, with apt-get, as root or through sudo.
define install_packages
	@missing=; for p in $(1); do \
	  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || \
	    missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  echo "installing$$missing"; \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -qq && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
	    --no-install-recommends $$missing >/dev/null; \
	fi
endef

deps: ; $(call install_packages,$(BUILD_PACKAGES))
test-deps: ; $(call install_packages,$(BUILD_PACKAGES) $(TEST_PACKAGES))

tests: all $(UNIT) $(TOOLS)

# Two makes: the first installs what the second one's pkg-config must find.
check: test-deps
	@$(MAKE) --no-print-directory VARIANT=$(VARIANT) check-layers tests
	@KURA_BUILD=$(abspath $(B)) prove -e '' -j2 $(UNIT) $(TESTS)

check-asan: ; @$(MAKE) --no-print-directory VARIANT=asan check
check-tsan: ; @$(MAKE) --no-print-directory VARIANT=tsan check

# Looks for new crashes with libFuzzer, FUZZ_SECONDS for each entry; needs clang.
fuzz: ; @$(MAKE) --no-print-directory VARIANT=fuzz CC=clang fuzz-run
fuzz-run: $(FUZZ)
	@$(MAKE) --no-print-directory VARIANT=release $(FUZZ:build/fuzz/%=build/release/%)
	@sh tests/fuzz/run.sh $(B)/fuzz $(FUZZ_SECONDS)
fuzz-replay: tests
	@KURA_BUILD=$(abspath $(B)) prove -e '' -v tests/fuzz/replay.t

demo: deps
	@$(MAKE) --no-print-directory all $(B)/bench/generate
	@KURA_BUILD=$(abspath $(B)) sh tests/docs/demo.sh

bench: deps
	@$(MAKE) --no-print-directory tests
	@KURA_BUILD=$(abspath $(B)) sh tests/bench/bench.sh && echo && \
	  KURA_BUILD=$(abspath $(B)) sh tests/bench/tiers.sh && echo && \
	  KURA_BUILD=$(abspath $(B)) sh tests/bench/windows.sh && echo && \
	  KURA_BUILD=$(abspath $(B)) sh tests/bench/hunts.sh && echo && \
	  KURA_BUILD=$(abspath $(B)) sh tests/bench/ioc.sh

# Dependencies point down: cli -> {ingest, query, archive} -> store -> base.
check-layers:
	@! grep -nE '#include "(store|ingest|query|archive|cli)/' base/*.[ch]
	@! grep -nE '#include "(ingest|query|archive|cli)/' store/*.[ch]
	@! grep -nE '#include "(query|archive|cli)/' ingest/*.[ch]
	@! grep -nE '#include "(ingest|archive|cli)/' query/*.[ch]
	@! grep -nE '#include "(ingest|query|cli)/' archive/*.[ch]

# Every header compiles alone, but those that only their own files may include.
check-headers:
	@for h in $(filter-out %_internal.h,$(wildcard */*.h)); do \
	  $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -fsyntax-only -x c $$h || exit 1; done

format: ; clang-format -i $(wildcard */*.[ch] tests/*/*.c tests/bench/gen/*.[ch])

install: all
	install -D -m 755 $(B)/kura $(DESTDIR)$(PREFIX)/bin/kura
	install -D -m 755 $(B)/kura.so $(DESTDIR)$(PREFIX)/lib/kura/kura.so
	install -D -m 644 docs/man/kura.1 $(DESTDIR)$(PREFIX)/share/man/man1/kura.1
	for u in docs/systemd/*; do install -d $(DESTDIR)$(PREFIX)/lib/systemd/system && \
	  sed 's|@PREFIX@|$(PREFIX)|' $$u > $(DESTDIR)$(PREFIX)/lib/systemd/system/$${u##*/} || exit 1; done

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/kura $(DESTDIR)$(PREFIX)/lib/kura/kura.so \
	  $(DESTDIR)$(PREFIX)/share/man/man1/kura.1 \
	  $(patsubst docs/systemd/%,$(DESTDIR)$(PREFIX)/lib/systemd/system/%,$(wildcard docs/systemd/*))

clean: ; rm -rf build

help:
	@echo 'make            build kura and kura.so (build/release/)'
	@echo 'make demo       install what is missing, build, load generated logs, show them'
	@echo 'make check      install what is missing, build, run every test'
	@echo 'make bench      figures, as ratios against a baseline of the same run'
	@echo 'make check-asan, check-tsan   the same tests under the sanitizers'
	@echo 'make fuzz [FUZZ_SECONDS=60]   look for new crashes (needs clang)'
	@echo 'make install [PREFIX=/usr/local] [DESTDIR=]'
