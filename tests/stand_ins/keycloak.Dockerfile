ARG DEBIAN
FROM ${DEBIAN}
RUN apt-get update -q && apt-get install -q -y --no-install-recommends openjdk-17-jre-headless \
    && useradd --uid 1000 --gid 0 --home-dir /opt/keycloak keycloak
COPY --chown=1000:0 keycloak /opt/keycloak
RUN chmod -R u=rwX,g=rwX /opt/keycloak && chmod +x /opt/keycloak/bin/kc.sh
USER 1000
ENTRYPOINT ["/opt/keycloak/bin/kc.sh"]
