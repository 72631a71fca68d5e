ARG DEBIAN
FROM ${DEBIAN}
RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends nginx-light
CMD ["nginx", "-g", "daemon off;"]
