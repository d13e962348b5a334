FROM python:3.11.14-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.txt

FROM python:3.11.14-slim-bookworm
# Settings come from the environment (`docker run --env-file .env`). The database is in the volume.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DATABASE_URL=sqlite:////data/headwater.db PORT=8080
RUN useradd --create-home --uid 1000 headwater && install -d -o headwater -m 0700 /data
WORKDIR /app
COPY --from=build /venv /venv
COPY bot bot
COPY cogs cogs
USER headwater
VOLUME /data
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-c", \
    "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz', timeout=8)"]
CMD ["python", "-m", "bot"]
