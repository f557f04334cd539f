#!/bin/sh
# The whole system on one machine: an endpoint with its own certificates on loopback, this host enrolled, and
# three runs of the agent, the second while the endpoint is stopped. Everything is in a temporary folder that is
# removed at the end. Usage: demo.sh DIR, the folder of both programs.
set -eu
bin=$(cd "$1" && pwd)
demo=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$demo"' EXIT
trap 'exit 1' INT TERM

say() { printf '\n# %s\n' "$*"; }

serve() {
	"$bin/virgo-endpoint" serve --dir "$demo/endpoint" --listen "$1" --web 127.0.0.1:0 >"$demo/address" 2>>"$demo/log" &
	server=$!
	tries=0
	until grep -q '127.0.0.1:[0-9]' "$demo/address"; do
		tries=$((tries + 1))
		test "$tries" -lt 100 || { cat "$demo/log"; exit 1; }
		sleep 0.1
	done
	address=$(grep -o '127.0.0.1:[0-9]*' "$demo/address" | head -n 1)
}

stop() {
	kill "$server"
	wait "$server" || true
	server=
}

export VIRGO_CONFIG="$demo/virgo.yaml" VIRGO_STATE="$demo/state"

say 'An endpoint, with a certificate authority and a token of its own'
"$bin/virgo-endpoint" init --dir "$demo/endpoint" --host 127.0.0.1 --json >"$demo/init.json"
# Checks every second, so that three runs in a row have something to do.
sed 's/^\( *period:\).*/\1 1/; s/^\(- *period:\).*/\1 1/' "$demo/endpoint/schedules/default.yaml" >"$demo/fast.yaml"
mv "$demo/fast.yaml" "$demo/endpoint/schedules/default.yaml"
serve 127.0.0.1:0
echo "listening on $address"

say 'This host enrols'
field() { sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p' "$demo/init.json"; }
field token | "$bin/virgo" setup --endpoint "$address" --pin "$(field pin)" --token-file -

say 'First run: the schedule is fetched, the results arrive'
"$bin/virgo" run --verbose 2>/dev/null

say 'The endpoint is stopped. Second run: the results are stored on this host'
stop
sleep 1
"$bin/virgo" run
"$bin/virgo" spool status

say 'The endpoint is back. Third run: its own results first, then those that waited'
serve "$address"
sleep 1
"$bin/virgo" run
"$bin/virgo" status

say 'What the endpoint stored: each result once'
"$bin/virgo-endpoint" results --dir "$demo/endpoint"

# A person looks at it; a program that reads this goes on.
if [ -t 0 ] && [ -t 1 ]; then
	say 'The page: this link sets its first password'
	tries=0
	until grep -q /code/ "$demo/address"; do
		tries=$((tries + 1))
		test "$tries" -lt 100 || break
		sleep 0.1
	done
	echo "page: $(grep -o 'http://[^ ]*/code/[^ ]*' "$demo/address")"
	printf 'Press enter to end the demo. '
	read -r _
fi
