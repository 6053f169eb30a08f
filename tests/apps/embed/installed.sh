#!/usr/bin/env bash
# Installs Sluice beside the build tree, moves the installed tree, and builds
# and runs the hosts of examples/embed against it: by the CMake package, and by
# pkg-config with a plain compiler.
#   installed.sh BUILD-FOLDER [sanitizers]
set -euo pipefail
build=$1
sanitize=${2:+-fsanitize=$2}
work=$build/embed-installed
model=$PWD/examples/models/edge-q8_0.gguf
rm -rf "$work"

fail() { echo "installed: $*" >&2; exit 1; }

cmake --install "$build" --component sluice --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved"
prefix=$work/moved
lib=$(dirname "$(find "$prefix" -name libsluice.so)")

cmake -S examples/embed -B "$work/hosts" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_C_FLAGS="$sanitize" -DCMAKE_CXX_FLAGS="$sanitize" >/dev/null
cmake --build "$work/hosts" >/dev/null

question="How do I list all files including hidden ones with ls?"
[[ $("$work/hosts/ask" "$model" "$question") == *"ls --all"* ]] ||
  fail "ask did not answer as the model does"
said=$("$work/hosts/redact" "$model" "$question" "--all" 2>/dev/null)
[[ $said == *"ls #####"* && $said != *"--all"* ]] ||
  fail "redact did not blacken the word: $said"

export PKG_CONFIG_PATH=$lib/pkgconfig
# shellcheck disable=SC2046 # flags are several words
cc -std=c99 -Wall -Wextra -Werror -pedantic $sanitize examples/embed/limit.c \
  -o "$work/limit" $(pkg-config --cflags --libs sluice) -Wl,-rpath,"$lib"
[[ $("$work/limit" "$model" "Once") == *"that was your last question"* ]] ||
  fail "limit did not refuse the second question"

[[ $("$prefix/bin/sluice" --version) == sluice* ]] ||
  fail "the installed program does not run"
echo "installed: the CMake package, pkg-config and the program work"
