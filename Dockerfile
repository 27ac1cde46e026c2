# Couture's own services: migrate, resolve, relay, serve and connect.
FROM python:3.11-slim
WORKDIR /couture
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
 && useradd --system --create-home couture
USER couture
ENTRYPOINT ["couture"]
