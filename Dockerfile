# One image for the whole stack; the command chooses: web (the default), worker, beat, migrate. See docs/operators.md.
FROM python:3.12-slim

# Extra words for pip when it installs PyTorch, such as an --index-url of its CPU build; without: PyPI's, with CUDA.
ARG TORCH_ARGS=""

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PALMARES_DATA_DIR=/data \
    PALMARES_LOG_FORMAT=json

RUN groupadd --gid 10001 palmares \
    && useradd --uid 10001 --gid palmares --create-home palmares \
    && install --directory --owner palmares --group palmares /data

WORKDIR /srv/palmares

COPY requirements/server.txt requirements/server.txt
# TORCH_ARGS is several words on purpose, and no package.
# hadolint ignore=SC2086,DL3013
RUN pip install --no-cache-dir ${TORCH_ARGS} torch==2.13.0 \
    && pip install --no-cache-dir --no-deps --require-hashes --requirement requirements/server.txt

COPY alembic.ini ./
COPY migrations migrations
COPY app app
COPY workers workers

USER 10001
EXPOSE 8000
CMD ["uvicorn", "app.main:create_app", "--factory", "--host", "0.0.0.0", "--port", "8000", "--timeout-graceful-shutdown", "10", "--no-server-header"]
