# Keycloak put together for what it does here, so that it starts within seconds, on a root that is read-only.
ARG KEYCLOAK=keycloak/keycloak:26.4
FROM ${KEYCLOAK}
ENV KC_DB=postgres KC_CACHE=local KC_HEALTH_ENABLED=true KC_HTTP_RELATIVE_PATH=/issuer
RUN /opt/keycloak/bin/kc.sh build
COPY realm.json /opt/keycloak/data/import/
COPY keycloak.sh /opt/keycloak/bin/
ENTRYPOINT ["bash", "/opt/keycloak/bin/keycloak.sh"]
