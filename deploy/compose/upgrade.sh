#!/bin/bash
# Brings what was pulled, or a change of settings, into a system that runs, without a request that fails: databases are
# migrated, workers replaced, then each API by one that is ready before it ends. docs/compose.md says when not to.
set -euo pipefail
cd "$(dirname "$0")/../.."
RELEASE=${RELEASE:-$(git describe --always --dirty)}
export RELEASE

# Longer than the way in remembers an address: `valid` in nginx.conf.
settle() { sleep 6; }

replace() {
  local old new
  mapfile -t old < <(docker compose ps --all --quiet "$1")
  if ! docker compose up --no-deps --no-recreate --wait --scale "$1=$((${#old[@]} * 2))" "$1"; then
    mapfile -t new < <(docker compose ps --all --quiet "$1" | grep --invert-match --fixed-strings --line-regexp "${old[@]/#/--regexp=}")
    docker logs --tail 20 "${new[0]}" >&2
    docker rm --force "${new[@]}" >/dev/null
    echo "$1 of the release $RELEASE is not ready: what ran before serves on." >&2
    exit 1
  fi
  settle
  docker stop "${old[@]}" >/dev/null
  docker rm "${old[@]}" >/dev/null
  # Another may get its address.
  settle
}

docker compose build
mapfile -t services < <(docker compose config --services | sed -n 's/-api$//p')
docker compose up --no-deps --detach "${services[@]/%/-migrate}"
for service in "${services[@]}"; do
  if [ "$(docker wait "$(docker compose ps --all --quiet "$service-migrate")")" != 0 ]; then
    docker compose logs --tail 20 "$service-migrate" >&2
    exit 1
  fi
done
scales=()
for service in "${services[@]}"; do
  scales+=(--scale "$service-worker=$(docker compose ps --all --quiet "$service-worker" | wc --lines)")
done
docker compose up --no-deps --wait "${scales[@]}" "${services[@]/%/-worker}"
for service in "${services[@]}"; do
  replace "$service-api"
done
# Of the rest only what is different now is made anew.
mapfile -t others < <(docker compose config --services | grep --invert-match --extended-regexp -e '-(migrate|worker|api)$')
docker compose up --no-deps --wait "${others[@]}"
echo "The release $RELEASE runs."
