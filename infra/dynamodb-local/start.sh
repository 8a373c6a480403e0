#!/usr/bin/env bash
# Runs DynamoDB Local, in memory and in the foreground: infra/dynamodb-local/start.sh <port>. Its jars (51 MB) are fetched
# once and kept under .local/. Its address cannot be set: it listens on all addresses of the machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
port=${1:?give a port}
jars=.local/dynamodb-local

for tool in java mvn; do
  command -v $tool >/dev/null || { echo "$tool is missing: install a Java runtime 17 or newer and Maven (Debian: default-jre-headless maven)" >&2; exit 1; }
done
if [ ! -e "$jars/complete" ] || [ infra/dynamodb-local/pom.xml -nt "$jars/complete" ]; then
  echo "fetching DynamoDB Local (51 MB, once)" >&2
  rm -rf "$jars"
  mkdir -p "$jars"
  mvn -q -B -ntp -f infra/dynamodb-local/pom.xml dependency:copy-dependencies -DoutputDirectory="$PWD/$jars" >&2
  touch "$jars/complete"
fi
exec java -Xmx512m -Djava.library.path="$jars" -cp "$jars/*" com.amazonaws.services.dynamodbv2.local.main.ServerRunner \
  -inMemory -disableTelemetry -port "$port"
