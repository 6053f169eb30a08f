#!/usr/bin/env bash
# Checks that every include points along the arrow
# apps -> graph -> actors -> transport -> device.
set -euo pipefail

layers=(device transport actors graph apps)

# wrong_includes ROOT: prints "file:line: include" for each that points left.
wrong_includes() {
  local root=$1 lower i j
  for ((i = 0; i < ${#layers[@]}; ++i)); do
    lower=()
    for ((j = i + 1; j < ${#layers[@]}; ++j)); do lower+=("${layers[j]}"); done
    [ ${#lower[@]} -eq 0 ] && continue
    [ -d "$root/${layers[i]}" ] || continue
    grep -rnE "#include \"($(IFS='|'; echo "${lower[*]}"))/" \
      --include='*.hpp' --include='*.cpp' --include='*.cu' --include='*.cuh' \
      "$root/${layers[i]}" || true
  done
}

# A check that cannot fail is no check: plant a wrong include and find it.
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
mkdir "$planted/device"
echo '#include "actors/messages.hpp"' >"$planted/device/wrong.cpp"
[ -n "$(wrong_includes "$planted")" ] || { echo "layering: the check is blind"; exit 1; }

found=$(wrong_includes .)
if [ -n "$found" ]; then
  echo "These includes point against apps -> graph -> actors -> transport -> device:"
  echo "$found"
  exit 1
fi
echo "layering: every include points along the arrow"
