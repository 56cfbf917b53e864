# Troupe in a container. State lives in /data alone; the program's own folder is never written to.
#
#   docker build --tag troupe .
#   docker run --env-file .env --publish 127.0.0.1:3000:3000 --volume troupe-models:/data/models troupe
#
# The server listens beyond the container's loopback, so TROUPE_API_KEYS has to be set (in .env), or TROUPE_INSECURE=1.

FROM oven/bun:1.4.4-slim AS packages
WORKDIR /app
COPY package.json bun.lock bunfig.toml ./
RUN bun install --frozen-lockfile --production

FROM oven/bun:1.4.4-slim
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
# The compiler's settings say how the page is built and what a character file's `import "troupe"` means.
COPY package.json bunfig.toml tsconfig.json LICENSE ./
COPY src ./src
COPY story_characters ./story_characters

# Volumes take over owner and mode of these folders when they are made.
RUN mkdir -p /data/models /data/cache /data/credentials \
    && chmod 0700 /data/credentials \
    && chown -R bun:bun /data
ENV TROUPE_MODELS_ROOT=/data/models \
    TROUPE_CACHE_ROOT=/data/cache \
    TROUPE_CREDENTIALS_ROOT=/data/credentials \
    TROUPE_ASSETS_DIR=/data/models/assets \
    TROUPE_HOST=0.0.0.0 \
    TROUPE_PORT=3000
VOLUME ["/data/models", "/data/cache", "/data/credentials"]
USER bun
EXPOSE 3000

# Alive is enough here: voices may still be on their way, and text is served meanwhile.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["bun", "--no-env-file", "-e", "process.exit((await fetch(`http://127.0.0.1:${process.env.TROUPE_PORT}/livez`)).ok ? 0 : 1)"]

# SIGTERM drains: running answers are given their end.
STOPSIGNAL SIGTERM
ENTRYPOINT ["bun", "--no-env-file", "src/main.ts"]
CMD ["serve"]
