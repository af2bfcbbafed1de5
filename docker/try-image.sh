#!/usr/bin/env bash
# Runs the service from its image as compose.yaml does: migrations, then api, worker and PostgreSQL, keys
# required, non-root on read-only roots. It asks, evaluates through the worker, and stops the api in the
# middle of a request. Everything it makes is taken away again; it fails at the first thing that is not right.
#
#   sudo docker/try-image.sh [IMAGE]        default: localhost/tagprime:latest, as build-with-buildah.sh makes it
#
# For podman with runc. TRY_PORT and TRY_DATABASE_PORT name the two ports it needs (18000, 15432);
# TRY_DATABASE an image of PostgreSQL, where compose's own is neither here nor to be pulled.
set -euo pipefail
cd "$(dirname "$0")/.."
image=${1:-localhost/tagprime:latest}
port=${TRY_PORT:-18000}
database_port=${TRY_DATABASE_PORT:-15432}
run=tagprime-try-$$
work=$(mktemp -d)
address=http://127.0.0.1:$port

# Podman raises limits for its containers, which a machine that is a container itself may not do.
printf '[containers]\ndefault_ulimits = []\n' > "$work/containers.conf"
export CONTAINERS_CONF=$work/containers.conf
podman() { command podman --runtime runc --cgroup-manager cgroupfs "$@"; }

finish() {
    status=$?
    if [ $status != 0 ]; then
        for name in database api worker; do
            echo "--- $name" >&2
            podman logs --tail 20 "$run-$name" >&2 2>&1 || true
        done
    fi
    podman rm --force --time 5 "$run-database" "$run-api" "$run-worker" > /dev/null 2>&1 || true
    podman volume rm --force "$run-database" > /dev/null 2>&1 || true
    rm -rf "$work"
    exit $status
}
trap finish EXIT

said() { local what=$1; shift; printf "%-12s %s\n" "$what" "$*"; }
until_true() { # SECONDS COMMAND...
    local end=$((SECONDS + $1)); shift
    until "$@" > /dev/null 2>&1; do
        [ $SECONDS -lt $end ] || { echo "not within its time: $*" >&2; return 1; }
        sleep 0.2
    done
}
ask() { curl -sS --fail-with-body -H "Authorization: Bearer $key" "$@"; }
status_of() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
field() { python3 -c 'import functools, json, sys
found = json.load(sys.stdin)
print(functools.reduce(lambda at, step: at[int(step) if step.isdigit() else step], sys.argv[1:], found))' "$@"; }
is() { [ "$1" = "$2" ] || { echo "expected $1, got $2" >&2; return 1; }; }

database=${TRY_DATABASE:-docker.io/library/postgres:17-bookworm}
if ! podman image exists "$database" && ! timeout 60 podman pull --quiet "$database" > /dev/null 2>&1; then
    database=localhost/tagprime-database:latest
    podman image exists "$database" || docker/database-with-buildah.sh "$database"
fi

mkdir "$work/bundles"
cp -r models/artifacts/demo "$work/bundles/demo"
python3 -c 'import secrets; print(secrets.token_urlsafe(24), end="")' > "$work/database_password"
chmod -R a+rX "$work"

shared=(--network host --read-only --cap-drop ALL --security-opt no-new-privileges
    -v "$work/database_password:/run/secrets/database_password:ro")
service=("${shared[@]}" --user 10001 --tmpfs /tmp --tmpfs /var/lib/tagprime -v "$work/bundles:/bundles:ro"
    -e "TAGPRIME_DATABASE_URL=postgresql://tagprime@127.0.0.1:$database_port/tagprime"
    -e TAGPRIME_DATABASE_PASSWORD_FILE=/run/secrets/database_password
    -e TAGPRIME_BUNDLES=/bundles -e TAGPRIME_WORKER=apart -e TAGPRIME_AUTH=required
    -e TAGPRIME_HOST=127.0.0.1 -e "TAGPRIME_PORT=$port")

podman run --detach --name "$run-database" "${shared[@]}" --user 999 --tmpfs /tmp \
    -v "$run-database:/var/lib/postgresql/data" -e POSTGRES_USER=tagprime -e POSTGRES_DB=tagprime \
    -e POSTGRES_PASSWORD_FILE=/run/secrets/database_password -e "PGPORT=$database_port" "$database" \
    -c unix_socket_directories=/tmp > /dev/null
until_true 60 podman exec "$run-database" pg_isready -h 127.0.0.1 -p "$database_port" -U tagprime -d tagprime
said database "$(podman exec "$run-database" postgres --version)"

said migrate "$(podman run --rm "${service[@]}" "$image" db upgrade)"
said sqlite "$(podman run --rm --network host "$image" db upgrade), in the image's own volume"
started=$(date +%s%N)
podman run --detach --name "$run-api" "${service[@]}" "$image" serve > /dev/null
podman run --detach --name "$run-worker" "${service[@]}" "$image" worker > /dev/null
until_true 60 podman exec "$run-api" tagprime health
said api "healthy after $((($(date +%s%N) - started) / 1000000)) ms, as user $(podman exec "$run-api" id -u)"
! podman exec "$run-api" touch /written 2> /dev/null || { echo "the root file system can be written" >&2; exit 1; }

is 401 "$(status_of "$address/v1/models")"
is 200 "$(status_of "$address/livez")"
key=$(podman run --rm "${service[@]}" "$image" keys create --scope admin --name try --expires 1d 2> /dev/null)
until_true 15 ask "$address/version"
said key "401 without, 200 with; version $(ask "$address/version" | field model version)"
found=$(ask "$address/prime" -d '{"tag": "lo-fi", "context": ["hip hop", "chill"], "limit": 3}')
said prime "lo-fi beside hip hop and chill: $(field results 0 tag <<< "$found")"

python3 - > "$work/documents.ndjson" <<'PY'
import json, random
random.seed(0)
tags = ["hip hop", "chill", "lo-fi", "jazz", "ambient", "techno", "house", "indie rock", "punk", "folk"]
for i in range(2000):
    print(json.dumps({"id": i, "tags": random.sample(tags, 5)}))
PY
ask "$address/v1/documents" -H 'Content-Type: application/x-ndjson' -T "$work/documents.ndjson" -X POST > "$work/written"
is 2000 "$(field created < "$work/written")"
said import "$(field created < "$work/written") documents"

job=$(ask "$address/v1/evaluations" -d '{"protocol": "completion", "corpus": "store", "k": [5]}' \
    -H 'Content-Type: application/json' | field id)
until_true 120 sh -c "curl -sf -H 'Authorization: Bearer $key' $address/v1/evaluations/$job | grep -q '\"status\":\"done\"'"
measured=$(ask "$address/v1/evaluations/$job")
said evaluation "done by the worker: $(field result queries <<< "$measured") queries," \
    "nDCG@5 $(field result measured 0 metrics nDCG@5 <<< "$measured")"

# A stream that is still coming in when the api is told to stop: it is taken to its end.
{ printf '{"id": "slow-1", "tags": ["jazz"]}\n'; sleep 4; printf '{"id": "slow-2", "tags": ["jazz"]}\n'; } |
    ask "$address/v1/documents" -H 'Content-Type: application/x-ndjson' -T - -X POST > "$work/drained" &
sleep 2
podman stop --time 30 "$run-api" > /dev/null
wait $!
is 2 "$(field created < "$work/drained")"
is 0 "$(podman inspect --format '{{.State.ExitCode}}' "$run-api")"
said stop "SIGTERM let the request end: $(field created < "$work/drained") documents; exit code 0"
podman stop --time 30 "$run-worker" > /dev/null
is 0 "$(podman inspect --format '{{.State.ExitCode}}' "$run-worker")"
said worker "SIGTERM, exit code 0"
said image "$image, $(($(podman image inspect --format '{{.Size}}' "$image") / 1000000)) MB"
