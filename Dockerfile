# The program and its pinned dependencies; configuration and data are mounted at /data.
FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/aispend \
 && /opt/aispend/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
 && /opt/aispend/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --create-home aispend
COPY --from=build /opt/aispend /opt/aispend
USER aispend
WORKDIR /data
ENTRYPOINT ["/opt/aispend/bin/aispend"]
