# The standalone site: `docker build -t import-from-modulestore .`
#
# Alone it is a whole site on SQLite, with a worker: `docker run -p 127.0.0.1:8000:8000 -v imports:/data import-from-modulestore`.
# With MariaDB, Redis, workers and a clock of their own: compose.yaml.
ARG PYTHON=3.12

FROM python:${PYTHON}-slim-trixie AS build
# The compiler and headers are for mysqlclient; they stay here, and Debian's updates are wanted.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev libmariadb-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
RUN python -m venv /opt/site
ENV PATH=/opt/site/bin:$PATH
COPY requirements/base.txt requirements/mysql.txt requirements/
RUN pip install --no-cache-dir -r requirements/base.txt -r requirements/mysql.txt
COPY LICENSE README.md pyproject.toml ./
COPY courses courses
COPY src src
RUN pip install --no-cache-dir --no-deps . && chmod -R a+rX courses

FROM python:${PYTHON}-slim-trixie
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libmariadb3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin site \
    && install --directory --owner site --group site --mode 700 /data
COPY --from=build /opt/site /opt/site
# To try it with, where no folder of exports is mounted here.
COPY --from=build /build/courses /courses
# What libraries keep for themselves goes nowhere that is kept, whichever account it runs as.
ENV PATH=/opt/site/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VAR_DIR=/data \
    COURSES_DIR=/courses \
    LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=5)"]
# As Ctrl-C does: Python, as the first process of a container, does not heed SIGTERM.
STOPSIGNAL SIGINT
ENTRYPOINT ["import-from-modulestore"]
CMD ["serve", "--host", "0.0.0.0"]
