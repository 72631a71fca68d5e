ARG DEBIAN
FROM ${DEBIAN}
RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends prometheus wget \
    && install --directory --owner nobody /prometheus
VOLUME /prometheus
ENTRYPOINT ["prometheus"]
