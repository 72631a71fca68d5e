ARG DEBIAN
FROM ${DEBIAN}
# The nginx of Debian's release does not look addresses up again, that of the release to come does; of what it brings
# along a file lies in another package now.
RUN sed 's/bookworm/sid/' /etc/apt/sources.list > /etc/apt/sources.list.d/sid.list \
    && apt-get update -q --option Acquire::Check-Valid-Until=false \
    && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        --option Dpkg::Options::=--force-overwrite --target-release sid nginx
CMD ["nginx", "-g", "daemon off;"]
