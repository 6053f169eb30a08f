#!/usr/bin/env bash
# Checks that clang-format would leave every tracked source as it is.
set -euo pipefail

mapfile -t sources < <(git ls-files '*.cpp' '*.hpp' '*.cu' '*.cuh')
if ! clang-format --dry-run --Werror "${sources[@]}"; then
  echo "format: mend it with: clang-format -i \$(git ls-files" \
    "'*.cpp' '*.hpp' '*.cu' '*.cuh')"
  exit 1
fi
echo "format: ${#sources[@]} files are as clang-format writes them"
