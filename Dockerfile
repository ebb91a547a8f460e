# sf_insights as one image; compose.yaml starts three containers of it. All state is in the volume /var/lib/sf-insights.
ARG PYTHON=python:3.11-slim

FROM ${PYTHON} AS build
WORKDIR /build
RUN python -m venv /opt/sf-insights
COPY requirements.lock ./
RUN /opt/sf-insights/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml hatch_build.py README.md LICENSE dagster.yaml workspace.yaml ./
COPY data/account_field_sync.yaml ./data/
COPY sf_insights ./sf_insights
RUN /opt/sf-insights/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM ${PYTHON}
RUN useradd --system --uid 10001 --home-dir /var/lib/sf-insights --create-home sf-insights \
    && install -d -o sf-insights -m 700 /var/lib/sf-insights/.dagster
COPY --from=build /opt/sf-insights /opt/sf-insights
# Dagster's commands take the location's name from this file; the state of the schedule depends on that name.
COPY workspace.yaml /opt/sf-insights/
# A new named volume starts with these two files. Syncs are switched off in the second.
COPY --chown=sf-insights dagster.yaml /var/lib/sf-insights/.dagster/
COPY --chown=sf-insights deploy/account_field_sync.yaml /var/lib/sf-insights/
ENV PATH=/opt/sf-insights/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SF_INSIGHTS_HOME=/var/lib/sf-insights \
    SF_INSIGHTS_DATA_DIR=/var/lib/sf-insights/data \
    SF_INSIGHTS_CONFIG=/var/lib/sf-insights/account_field_sync.yaml \
    DAGSTER_HOME=/var/lib/sf-insights/.dagster
USER 10001
WORKDIR /var/lib/sf-insights
VOLUME /var/lib/sf-insights
STOPSIGNAL SIGINT
# It checks the process, not the age of the data: an orchestrator may restart what is unhealthy, in the middle of a sync.
HEALTHCHECK --interval=60s --timeout=30s --start-period=60s CMD ["dagster-daemon", "liveness-check"]
CMD ["dagster-daemon", "run", "-w", "/opt/sf-insights/workspace.yaml"]
