#!/bin/sh
# matrix.t - every operator on every kind of column and bound gives the same
# rows on the tables of the warehouse as on plain copies of them.  The program
# matrix asks and answers in TAP.  The same is asked of a copy of the warehouse
# whose days are sealed, and of one whose days are in volumes that are read in
# place.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/sql/warehouses.sh"

# Not exec: the trap of lib.sh removes the directory.
"$KURA_BUILD/sql/matrix" "$top/tests/sql/matrix" w big sealed sealed-big \
    archived archived-big
