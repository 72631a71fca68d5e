# One image for every process of every service: `python -m companies api`, and so on.
#
#   docker build --tag territory-platform:local --build-arg RELEASE="$(git describe --always --dirty)" .
#
# To have the same base each time, give it with its digest: --build-arg PYTHON=python:3.11-slim-bookworm@sha256:...
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS packages
# Compiled code is the same each time: it goes by the content of its source and not by its date, and sets have one order.
ENV PYTHONHASHSEED=0 SOURCE_DATE_EPOCH=0
WORKDIR /build
COPY requirements-run.lock .
RUN python -m venv --without-pip /opt/territory \
    && pip --python /opt/territory/bin/python install --quiet --no-cache-dir --no-compile --require-hashes --only-binary :all: \
        --requirement requirements-run.lock \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/territory/lib \
    && find /opt/territory -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} +

FROM ${PYTHON} AS code
ENV PYTHONHASHSEED=0 SOURCE_DATE_EPOCH=0
WORKDIR /opt/territory/code
COPY libs/contracts libs/eventstore libs/service services/canary services/companies services/employment \
    services/indicators services/mobility services/training services/youth-events ./
RUN python -m compileall -q --invalidation-mode unchecked-hash . \
    && chmod -R u=rwX,go=rX . \
    && find . -exec touch --date "@${SOURCE_DATE_EPOCH}" {} +

FROM ${PYTHON} AS platform
LABEL org.opencontainers.image.title="Territoires d'industrie, Issoudun" \
      org.opencontainers.image.description="The services of the platform; each process is a command of this image"
COPY --from=packages /opt/territory /opt/territory
COPY --from=code /opt/territory/code /opt/territory/code
# Nothing is written beside the code: the root may be read-only, and what is made meanwhile goes to /tmp.
ENV PATH=/opt/territory/bin:$PATH PYTHONPATH=/opt/territory/code PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 LOG_FORMAT=json
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000 9464

# The sample programme, which comes in by the front door.
FROM platform AS sample
COPY sample/sample /opt/territory/code/sample
USER 0:0
# Where a volume remembers that all was sent.
RUN install --directory --owner 10001 --group 10001 /var/lib/sample
USER 10001:10001
CMD ["python", "-m", "sample"]

# What is built unless another is named. Which release it is comes last, so that all before is the same for each.
FROM platform
ARG RELEASE=unknown
ENV RELEASE=${RELEASE}
