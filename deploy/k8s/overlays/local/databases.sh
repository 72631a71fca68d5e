#!/bin/bash
# A user and a database for each service: the Secret `postgres` holds a password for each, besides the server's own.
set -euo pipefail
for password in /run/secrets/postgres/*; do
  service=$(basename "$password")
  if [ "$service" != postgres ]; then
    psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres \
      --set=service="$service" --set=password="$(cat "$password")" <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service" TEMPLATE template0;
REVOKE CONNECT ON DATABASE :"service" FROM PUBLIC;
SQL
  fi
done
