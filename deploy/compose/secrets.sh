#!/bin/sh
# Makes the secrets of docker-compose.yml that are not there yet. The folder is its owner's alone; the files in it can be
# read by the containers that are given them, whichever user these run as.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

secret() {
  [ -s "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"
  chmod 644 "secrets/$1"
}
random() {
  head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'
}

for name in postgres_password keycloak_database_password keycloak_password clients_secret grafana_password; do
  secret "$name" "$(random)"
done
for service in companies employment indicators mobility training youth_events; do
  secret "${service}_database_url" "postgresql://${service}_a:$(random)@postgres:5432/$service"
  secret "${service}_personal_key" "$(random)"
done
