#!/bin/bash
# Keycloak takes secrets from its environment alone, as the realm's file does: they are put there from their files.
set -euo pipefail
KC_DB_PASSWORD=$(cat /run/secrets/keycloak_database_password)
KC_BOOTSTRAP_ADMIN_PASSWORD=$(cat /run/secrets/keycloak_password)
CLIENTS_SECRET=$(cat /run/secrets/clients_secret)
export KC_DB_PASSWORD KC_BOOTSTRAP_ADMIN_PASSWORD CLIENTS_SECRET
exec /opt/keycloak/bin/kc.sh start --optimized --import-realm
