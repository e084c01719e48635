#!/bin/sh
# The documented procedure, one step after the other.
. "$(dirname "$0")/procedure.sh"

for engine in $ENGINES; do bind "$engine"; done
members=''
for engine in $ENGINES; do members="$members $(member_of "$engine")"; done
for key in $KEYS; do
  endpoint=$(register "$key")
  for member in $members; do grant "$endpoint" "$member"; done
done
for engine in $ENGINES; do verify "$engine"; done
