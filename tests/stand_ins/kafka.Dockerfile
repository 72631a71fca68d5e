ARG DEBIAN
FROM ${DEBIAN}
RUN apt-get update -q && apt-get install -q -y --no-install-recommends openjdk-17-jre-headless \
    && useradd --uid 1000 appuser \
    && install --directory --owner appuser --group appuser /var/lib/kafka/data
COPY kafka /opt/kafka/libs
COPY kafka.sh /etc/kafka/docker/run
USER appuser
VOLUME /var/lib/kafka/data
CMD ["bash", "/etc/kafka/docker/run"]
