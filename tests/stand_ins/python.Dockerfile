ARG DEBIAN
FROM ${DEBIAN}
RUN apt-get update -q \
    && apt-get install -q -y --no-install-recommends python3 python3-pip python3-venv \
    && ln -s /usr/bin/python3 /usr/local/bin/python
