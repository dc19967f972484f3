# A small image of this checkout: docker build -t homeroom .   (docs/operations.md)
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements/run.txt requirements/run.txt
RUN python -m venv /opt/homeroom \
    && /opt/homeroom/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/homeroom/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin homeroom \
    && install -d -m 0700 -o homeroom -g homeroom /data
COPY --from=build /opt/homeroom /opt/homeroom
ENV PATH=/opt/homeroom/bin:$PATH HOMEROOM_DATA=/data PYTHONUNBUFFERED=1
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/homeroom/v1/health', timeout=5)"]
CMD ["homeroom", "serve", "--host", "0.0.0.0", "--port", "8000"]
