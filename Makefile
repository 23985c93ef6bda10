# The front door. A newcomer needs two commands; each sets the machine up first if it must:
#
#   make demo    builds jianzai and shows what it does
#   make check   the whole test run
#
# make         builds build/jianzai          make setup   installs packages and models
# make bench   BENCH_PEOPLE=1000000          make lint    format, includes, shell scripts
# make fuzz    FUZZ_SECONDS=60 per target    make clean   removes what was built

FUZZ_SECONDS = 60
BENCH_PEOPLE = 1000000
SETUP =
SANITIZE = -Db_lundef=false -Dc_args=-fno-sanitize-recover=all -Db_sanitize=address,undefined

.PHONY: build build-clang build-asan build-fuzz demo check bench fuzz lint setup clean
.DEFAULT_GOAL = build
# ninja and tools/check spread the work; setup must be done before anything else starts.
.NOTPARALLEL:

build: CONFIGURE = CC=gcc meson setup --werror
build-clang: CONFIGURE = CC=clang meson setup --werror
# gcc, whose reports name functions and lines without a package more.
build-asan: CONFIGURE = CC=gcc meson setup --werror $(SANITIZE)
build-fuzz: CONFIGURE = CC=clang meson setup --werror $(SANITIZE) -Dfuzzers=true

build build-clang build-asan build-fuzz:
	@command -v meson >/dev/null || { echo "meson is missing: type make setup"; exit 1; }
	@[ -f $@/build.ninja ] || $(CONFIGURE) $@
	@ninja -C $@

setup:
	@tools/setup $(SETUP)

demo: setup build
	@tools/demo build/jianzai

check: setup
	@tools/check

bench: SETUP = --bench
bench: setup build
	@tools/bench build/jianzai
	@tools/bench-ledger build/jianzai --people $(BENCH_PEOPLE)

# What is found goes to build-fuzz/new-NAME, never into the corpus; crashes go to crash-NAME/.
fuzz: setup build-fuzz
	@ran= bad=; for program in build-fuzz/fuzz/fuzz_*; do \
	    if [ ! -f $$program ] || [ ! -x $$program ]; then continue; fi; \
	    name=$${program##*/fuzz_}; ran="$$ran $$name"; \
	    echo "Fuzzing $$name for $(FUZZ_SECONDS) seconds ..."; \
	    mkdir -p build-fuzz/new-$$name crash-$$name; \
	    $$program -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=crash-$$name/ \
	        build-fuzz/new-$$name fuzz/corpus/$$name || bad="$$bad crash-$$name/"; \
	    rmdir crash-$$name 2>/dev/null || true; \
	done; \
	if [ -z "$$ran" ]; then echo "No fuzz target was built."; exit 1; fi; \
	if [ -n "$$bad" ]; then echo "Fuzzing found failures, kept in:$$bad"; exit 1; fi; \
	echo "Fuzzing found no failure in:$$ran"

lint:
	@tools/check --lint
	@if command -v shellcheck >/dev/null; then shellcheck tools/setup tools/check tools/demo tools/private-postgres .ci/run; fi

clean:
	rm -rf build build-clang build-asan build-fuzz
