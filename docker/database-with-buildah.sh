#!/usr/bin/env bash
# Builds an image of Debian's PostgreSQL without a Docker engine, for where compose's own cannot be pulled.
#
#   sudo docker/database-with-buildah.sh [IMAGE]        default: localhost/tagprime-database:latest
#
# It takes the settings of the postgres image that it stands for: POSTGRES_USER, POSTGRES_DB,
# POSTGRES_PASSWORD_FILE and PGDATA. TAGPRIME_MIRROR names another Debian mirror.
set -euo pipefail
image=${1:-localhost/tagprime-database:latest}
mirror=${TAGPRIME_MIRROR:-http://deb.debian.org/debian}
export BUILDAH_ISOLATION=chroot
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

debootstrap --variant=minbase bookworm "$work/base" "$mirror" > "$work/debootstrap.log" 2>&1 ||
    { tail -20 "$work/debootstrap.log" >&2; exit 1; }
mkdir "$work/base/etc/postgresql-common"
echo "create_main_cluster = false" > "$work/base/etc/postgresql-common/createcluster.conf"
chroot "$work/base" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o Dpkg::Options::=--force-confold postgresql-15 > "$work/apt.log" 2>&1 || { tail -20 "$work/apt.log" >&2; exit 1; }
rm -rf "$work"/base/var/cache/apt "$work"/base/var/lib/apt/lists "$work"/base/usr/share/{doc,man,locale,info} \
    "$work"/base/var/log/*
chroot "$work/base" sh -c 'usermod --uid 999 postgres && groupmod --gid 999 postgres &&
    mkdir -p /var/lib/postgresql/data && chown -R postgres:postgres /var/lib/postgresql /run/postgresql'
cat > "$work/base/usr/local/bin/start-database" <<'RUN'
#!/bin/sh
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    echo "CREATE DATABASE \"$POSTGRES_DB\"" | postgres --single postgres
fi
exec postgres -c listen_addresses='*' "$@"
RUN
chmod 755 "$work/base/usr/local/bin/start-database"

container=$(buildah from scratch)
cp -a "$work/base/." "$(buildah mount "$container")"  # as it is: `buildah add` gives every file to root
buildah unmount "$container" > /dev/null
buildah config --env PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin \
    --env PGDATA=/var/lib/postgresql/data --user 999 --volume /var/lib/postgresql/data --port 5432 \
    --stop-signal SIGINT --entrypoint '["start-database"]' "$container"
buildah commit --quiet --rm "$container" "$image" > /dev/null
echo "$image: $(du -sm "$work/base" | cut -f1) MB, $(chroot "$work/base" /usr/lib/postgresql/15/bin/postgres --version)"
