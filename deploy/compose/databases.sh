#!/bin/bash
# A database of its own for Keycloak and for each service, with a role that owns it and one that logs in as a member of
# it, so that a password can be rotated: run once, by the image, on an empty volume.
set -euo pipefail

database() {
  psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres \
    --set=owner="$1" --set=login="$2" --set=password="$3" <<'SQL'
CREATE ROLE :"owner";
CREATE ROLE :"login" LOGIN PASSWORD :'password' IN ROLE :"owner";
ALTER ROLE :"login" SET role TO :"owner";
CREATE DATABASE :"owner" OWNER :"owner" TEMPLATE template0;
REVOKE CONNECT ON DATABASE :"owner" FROM PUBLIC;
SQL
}

database keycloak keycloak_a "$(cat /run/secrets/keycloak_database_password)"
for url in /run/secrets/*_database_url; do
  said=$(sed 's/^[^:]*:\/\/\([^@]*\)@.*$/\1/' "$url")
  database "$(basename "$url" _database_url)" "${said%%:*}" "${said#*:}"
done
