#!/usr/bin/env bash
# Builds the serving image without a Docker engine: buildah on a base that debootstrap makes.
#
#   sudo docker/build-with-buildah.sh [IMAGE]        default: localhost/tagprime:latest
#
# For machines that have Debian's packages buildah and debootstrap but neither an engine nor access to a
# registry of images. What comes out is what docker/Dockerfile describes, on Debian's own Python.
# TAGPRIME_MIRROR names another Debian mirror.
set -euo pipefail
cd "$(dirname "$0")/.."
image=${1:-localhost/tagprime:latest}
mirror=${TAGPRIME_MIRROR:-http://deb.debian.org/debian}
export BUILDAH_ISOLATION=chroot
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The wheel is built outside: the image gets what it installs, and nothing that builds it.
python3 -m venv "$work/build"
"$work/build/bin/pip" install --quiet --disable-pip-version-check build
"$work/build/bin/python" -m build --wheel --outdir "$work/wheel" . > "$work/build.log" 2>&1 ||
    { cat "$work/build.log" >&2; exit 1; }
python3 -m venv --copies "$work/download"
"$work/download/bin/pip" wheel --quiet --disable-pip-version-check -c constraints.txt \
    --wheel-dir "$work/wheels" "$work"/wheel/tagprime-*.whl 'psycopg[binary]>=3.2'

debootstrap --variant=minbase --include=python3-minimal,libpython3-stdlib,python3-pip,ca-certificates \
    bookworm "$work/base" "$mirror" > "$work/debootstrap.log" 2>&1 ||
    { tail -20 "$work/debootstrap.log" >&2; exit 1; }
python=$(chroot "$work/base" python3 -c 'import sys; print(f"{sys.version_info.major}.{sys.version_info.minor}")')
mkdir "$work/base/wheels"
cp "$work"/wheels/*.whl "$work/base/wheels/"
chroot "$work/base" python3 -m pip install --quiet --no-index --find-links /wheels --no-compile \
    --break-system-packages --root-user-action ignore --target /opt/tagprime 'tagprime' 'psycopg[binary]'
rm -rf "$work/base/wheels"
chroot "$work/base" apt-get purge -y --auto-remove python3-pip > /dev/null
rm -rf "$work"/base/var/cache/apt "$work"/base/var/lib/apt/lists "$work"/base/usr/share/{doc,man,locale,info} \
    "$work"/base/var/log/*
chroot "$work/base" useradd --system --uid 10001 --home-dir /var/lib/tagprime --create-home tagprime
ln -s python3 "$work/base/usr/bin/python"  # compose's health check of the worker says `python`
cat > "$work/base/usr/local/bin/tagprime" <<'RUN'
#!/usr/bin/python3
from app.cli import main
main()
RUN
chmod 755 "$work/base/usr/local/bin/tagprime"

container=$(buildah from scratch)
cp -a "$work/base/." "$(buildah mount "$container")"  # as it is: `buildah add` gives every file to root
buildah unmount "$container" > /dev/null
buildah config \
    --env PYTHONPATH=/opt/tagprime --env PYTHONUNBUFFERED=1 --env PYTHONDONTWRITEBYTECODE=1 \
    --env TAGPRIME_HOST=0.0.0.0 --env TAGPRIME_PORT=8000 \
    --env TAGPRIME_DATABASE_URL=sqlite:////var/lib/tagprime/tagprime.db \
    --user 10001 --workingdir /var/lib/tagprime --volume /var/lib/tagprime --port 8000 \
    --stop-signal SIGTERM --entrypoint '["tagprime"]' --cmd serve "$container"
buildah commit --quiet --rm "$container" "$image" > /dev/null
size=$(du -sm "$work/base" | cut -f1)
echo "$image: $size MB, Python $python"
