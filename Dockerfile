# The API, the worker and the command line in one image: `docker run … api`, `… worker`, `… migrate`.

FROM node:24-slim AS graphiql
WORKDIR /build/web/graphiql
COPY web/graphiql/package.json web/graphiql/package-lock.json web/graphiql/.npmrc ./
RUN npm ci --loglevel=error
COPY web/graphiql ./
RUN node build.mjs

FROM python:3.13-slim AS packages
COPY requirements.lock /
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r /requirements.lock

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app assent && install -d -o assent -m 700 /data
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=packages /venv /venv
COPY api api
COPY cli cli
COPY domain domain
COPY workers workers
COPY --from=graphiql /build/web/graphiql/dist web/graphiql/dist
RUN python -m compileall -q /venv api cli domain workers
USER assent
EXPOSE 8000
ENTRYPOINT ["python", "-m", "cli.main"]
CMD ["api"]
