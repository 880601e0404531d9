# The main job in a container; docs/on-disk.md has the commands.
FROM node:22-bookworm-slim

# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates g++ python3 python3-pip python3-venv \
  && rm -rf /var/lib/apt/lists/* \
  && npm install --global deno@2.9.6 \
  && mkdir /polysem \
  && chown node:node /polysem

USER node
WORKDIR /polysem
COPY --chown=node:node . .
RUN deno install --frozen && deno task setup && mkdir -p runs

VOLUME /polysem/runs
ENTRYPOINT ["deno", "task"]
CMD ["score-all"]
