# An image that runs `archiver`, not as root. Texts and archive are mounted at /work:
#
#   docker build -t archiver .
#   docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" archiver ingest
#
# EXTRAS=warc or EXTRAS=warc,s3 installs extras of the package too.
FROM python:3.13-slim-trixie AS build
ARG EXTRAS=""
WORKDIR /source
COPY . .
RUN python -m venv /opt/archiver \
    && /opt/archiver/bin/pip install --no-cache-dir --disable-pip-version-check ".${EXTRAS:+[$EXTRAS]}"

FROM python:3.13-slim-trixie
COPY --from=build /opt/archiver /opt/archiver
ENV PATH="/opt/archiver/bin:$PATH" PYTHONUTF8=1
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin archiver
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["archiver"]
CMD ["--help"]
