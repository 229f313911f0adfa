# The image in which authored code runs. `boardwright sandbox build` builds the target `sandbox`;
# the target `tools` is the same without Python packages.
# Written for the classic builder too, so without mounts in RUN.
FROM debian:bookworm-slim AS tools
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        python3 gcc libc6-dev gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin sandbox \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} +
USER 10001:10001
WORKDIR /

FROM tools AS sandbox
USER 0:0
ARG PIP_INDEX_URL
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv ca-certificates \
 && apt-get clean && rm -rf /var/lib/apt/lists/*
# Networks that re-sign HTTPS: their root certificates, if any.
COPY extra-ca/ /usr/local/share/ca-certificates/
RUN update-ca-certificates
COPY requirements.lock scripts/sandbox_requirements.py /tmp/
RUN python3 -m venv /venv \
 && python3 /tmp/sandbox_requirements.py /tmp/requirements.lock > /tmp/requirements.txt \
 && PIP_CERT=/etc/ssl/certs/ca-certificates.crt /venv/bin/pip install -q --no-cache-dir --no-deps --require-hashes -r /tmp/requirements.txt \
 && rm -rf /tmp/* /venv/lib/python3*/site-packages/tensorflow/include \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} +
ENV PATH=/venv/bin:/usr/bin:/bin
USER 10001:10001

# The service: `boardwright serve` and `boardwright work`. Its layers are those of the sandbox, so both share the disk.
FROM sandbox AS service
USER 0:0
ARG PIP_INDEX_URL
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends bubblewrap git \
 && apt-get clean && rm -rf /var/lib/apt/lists/* \
 && /usr/sbin/useradd --uid 10002 --create-home --home-dir /var/lib/boardwright --shell /usr/sbin/nologin boardwright
COPY requirements.lock scripts/sandbox_requirements.py /tmp/
RUN python3 /tmp/sandbox_requirements.py --service /tmp/requirements.lock > /tmp/requirements.txt \
 && PIP_CERT=/etc/ssl/certs/ca-certificates.crt /venv/bin/pip install -q --no-cache-dir --no-deps --require-hashes -r /tmp/requirements.txt \
 && rm -rf /tmp/*
COPY . /opt/boardwright
RUN printf '#!/bin/sh\nexec /venv/bin/python -m bot "$@"\n' > /venv/bin/boardwright && chmod 755 /venv/bin/boardwright
ENV PYTHONPATH=/opt/boardwright PYTHONUNBUFFERED=1 BOARDWRIGHT_STATE_FOLDER=/var/lib/boardwright BOARDWRIGHT_HOST=0.0.0.0 BOARDWRIGHT_PORT=8000
USER 10002:10002
WORKDIR /var/lib/boardwright
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["/venv/bin/python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['BOARDWRIGHT_PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["boardwright"]
CMD ["serve"]
