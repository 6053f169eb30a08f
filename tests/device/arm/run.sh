#!/usr/bin/env bash
# Builds the CPU kernels and their tests for 64-bit Arm and runs them under
# qemu: run.sh BUILD_FOLDER. The tests are those of tests/device/cpu, with
# Boost.Test as headers. Exit code 77: something that this needs is missing.
set -euo pipefail

out=$1
compiler=aarch64-linux-gnu-g++
emulator=qemu-aarch64
for needed in "$compiler" "$emulator"; do
  command -v "$needed" >/dev/null || {
    echo "arm: skipped, $needed is not installed (tools/install --arm)"
    exit 77
  }
done

mkdir -p "$out/include"
# Boost alone: the rest of the host's headers are another processor's.
ln -sfn /usr/include/boost "$out/include/boost"
flags=(-std=c++20 -O2 -ffp-contract=off -Wall -Wextra -I. -isystem "$out/include")
launcher=()
command -v ccache >/dev/null && launcher=(ccache)

sources=(device/tensor/*.cpp tests/device/cpu/*.cpp tests/device/arm/main.cpp)
for file in device/cpu/*.cpp; do
  case $file in */kernels_avx*) ;; *) sources+=("$file") ;; esac
done

objects=()
for file in "${sources[@]}"; do
  # The benchmark has a main of its own.
  [ "$(basename "$file")" = bench_cpu.cpp ] && continue
  extra=()
  [ "$(basename "$file")" = kernels_neon.cpp ] && extra=(-march=armv8.2-a+dotprod)
  object=$out/${file//\//_}.o
  "${launcher[@]}" "$compiler" "${flags[@]}" "${extra[@]}" -c "$file" -o "$object"
  objects+=("$object")
done
"$compiler" "${objects[@]}" -o "$out/test_arm" -lpthread

# on PROCESSOR TEST...: the program on that processor.
on() {
  local processor=$1
  shift
  "$emulator" -cpu "$processor" -L /usr/aarch64-linux-gnu "$out/test_arm" \
    --log_level=error --color_output=no "${@/#/--run_test=}"
}

# Ceilings measure the emulator.
on max '!ceilings_are_measured'
on max arm_path/dot_products_are_used_where_there_are_any
on cortex-a57 arm_path/processors_without_them_run_the_reference
