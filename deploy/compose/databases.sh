#!/bin/bash
# A user and a database of its own for each service, and for Keycloak: run once, by the image, on an empty volume.
set -euo pipefail

database() {
  psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres \
    --set=name="$1" --set=password="$2" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name" TEMPLATE template0;
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
}

database keycloak "$(cat /run/secrets/keycloak_database_password)"
for url in /run/secrets/*_database_url; do
  service=$(basename "$url" _database_url)
  password=$(sed 's/^[^:]*:\/\/[^:]*:\([^@]*\)@.*$/\1/' "$url")
  database "$service" "$password"
done
