# Tightwad without a model: docker build -t tightwad . (docs/docker.md). Every step is in apps/setup/image.sh, which
# tests/setup/image.sh runs as it stands here.
FROM debian:12 AS build
COPY . /src
RUN sh /src/apps/setup/image.sh build /opt/tightwad

FROM debian:12
COPY apps/setup/image.sh /tmp/image.sh
RUN sh /tmp/image.sh run
COPY --from=build /opt/tightwad /usr/local
ENV TIGHTWAD_CACHE=/var/cache/tightwad TIGHTWAD_HOST=0.0.0.0 TIGHTWAD_PORT=8088
# Where /etc/tightwad.toml is ./tightwad.toml: found when it is mounted, and nothing is amiss when TIGHTWAD_TARGET_URL stands for it.
WORKDIR /etc
USER tightwad
EXPOSE 8088
# Asks with the configured token; while the models load there is no such table yet.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10m CMD tightwad proxy status | grep -q ^PIPELINE
ENTRYPOINT ["tightwad"]
CMD ["serve"]
