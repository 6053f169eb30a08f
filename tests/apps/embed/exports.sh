#!/usr/bin/env bash
# Checks that libsluice.so shows its two interfaces and nothing else, and that
# the public headers need the standard library alone.
#   exports.sh LIBRARY
set -euo pipefail
library=$1
shown=$(nm -D --defined-only --demangle "$library" | cut -d' ' -f3- |
  sed 's/@@.*//' | grep -v '^SLUICE_1$')
classes='answer|edge_tap|error|host_actor|outputs|runtime'
foreign=$(grep -vE "^(sluice_[a-z_]+|sluice::name\(.*|sluice::($classes)::.*|(typeinfo|typeinfo name|vtable) for sluice::(error|host_actor))$" \
  <<<"$shown" || true)
if [ -n "$foreign" ]; then
  echo "exports: these symbols should stay inside:"
  echo "$foreign" | head -20
  exit 1
fi
# Every function of the C header is there.
for function in $(grep -oE '\bsluice_[a-z_]+\(' apps/embed/include/sluice/sluice.h |
  tr -d '(' | sort -u); do
  grep -qx "$function" <<<"$shown" || { echo "exports: no $function"; exit 1; }
done
soname=$(objdump -p "$library" | awk '/SONAME/ {print $2}')
version=$(sed -n 's/#define SLUICE_ABI_VERSION //p' \
  apps/embed/include/sluice/sluice.h)
[ "$soname" = "libsluice.so.$version" ] ||
  { echo "exports: $soname, but the ABI is version $version"; exit 1; }
foreign=$(grep -nE '#include' apps/embed/include/sluice/* |
  grep -vE '<[a-z_]+(\.h)?>|"sluice/' || true)
[ -z "$foreign" ] || { echo "exports: public headers include $foreign"; exit 1; }
echo "exports: the two interfaces, and nothing else"
