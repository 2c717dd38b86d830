#!/bin/sh
# functions.t - every example in docs/functions.md gives the result below it,
# and every function that comes with kura is described there with an example.
. "$(dirname "$0")/../lib.sh"
page=$top/docs/functions.md

kura -q init --zone UTC w
cp "$top/docs/examples/holidays-jp.yaml" w
cat "$top/docs/examples/site.yaml" >>w/kura.yaml

# What stands in a ```sql block: SELECT ...; and below it -- result.
awk '/^```/ { inside = $0 == "```sql"; next } inside' "$page" >examples
examples=0
while IFS= read -r statement && IFS= read -r result; do
    examples=$((examples + 1))
    case $statement$result in
    SELECT*\;--\ *) is "$statement" "$(value w "$statement")" "${result#-- }" ;;
    *) report 1 "an example and its result" "$statement" "$result" ;;
    esac
done <examples
is "no example is without a result" "$(wc -l <examples)" $((examples * 2))
ok "there are examples" [ "$examples" -gt 20 ]

# What sqlite3 has once kura.so is there and had not before; the two that open a
# warehouse are no functions to ask with.  REGEXP it has of its own.
functions() {
    sqlite3 -batch "$@" :memory: \
        "SELECT DISTINCT name FROM pragma_function_list ORDER BY 1"
}
functions >before
KURA_DIR=$work/w functions -cmd ".load $KURA_BUILD/kura" >after
added=$(LC_ALL=C comm -13 before after | grep -vxE 'kura_(open|engine)')
ok "functions were added" [ -n "$added" ]
for f in $added regexp; do
    ok "$f is described" grep -qF "\`$f(" "$page"
    ok "$f has an example" grep -qiE "^SELECT .*($f\(| $f )" examples
done
for f in $(grep -oE '`[a-z_]+\(' "$page" | tr -d '`('); do
    ok "$f, which is described, is there" grep -qx "$f" after
done
done_testing
