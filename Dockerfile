# A digest fixes the base: --build-arg PYTHON_IMAGE=python@sha256:...
ARG PYTHON_IMAGE=python:3.13-slim
FROM ${PYTHON_IMAGE} AS build
COPY requirements.txt /tmp/
RUN python -m venv /opt/dailies \
 && /opt/dailies/bin/pip install --no-cache-dir --no-compile --require-hashes -r /tmp/requirements.txt
WORKDIR /srv/dailies
COPY apixo apixo
COPY bot bot
COPY cogs cogs
COPY domain domain
COPY storage storage
COPY workflow workflow
COPY scripts/sbom /tmp/sbom
RUN /opt/dailies/bin/python /tmp/sbom /tmp/sbom.cdx.json /srv/dailies
RUN /opt/dailies/bin/python -m compileall -q -f --invalidation-mode unchecked-hash \
    /opt/dailies/lib /srv/dailies

FROM ${PYTHON_IMAGE} AS base
RUN useradd --system --uid 10001 --home-dir /srv/dailies dailies \
 && install -d -o dailies -g dailies /srv/dailies/data
COPY --from=build /opt/dailies /opt/dailies
COPY --from=build /srv/dailies /srv/dailies
# Licences of the packages lie with them, in /opt/dailies/lib/python3.13/site-packages/*.dist-info.
COPY --from=build /tmp/sbom.cdx.json /usr/share/doc/dailies/
COPY LICENSE /usr/share/doc/dailies/
LABEL org.opencontainers.image.title="Dailies" \
      org.opencontainers.image.description="A Discord service that makes Seedance videos through APIXO" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="0.3.0"
ENV PATH=/opt/dailies/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/srv/dailies \
    PYTHONSAFEPATH=1 \
    HTTP_HOST=0.0.0.0
USER dailies
WORKDIR /srv/dailies
VOLUME /srv/dailies/data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ.get('HTTP_PORT', '8080')}/healthz\", timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]

# docker build --target demo: the service with the fakes of APIXO and Discord, and the demo's page.
FROM base AS demo
COPY sandbox sandbox
CMD ["sandbox"]

FROM base AS service
