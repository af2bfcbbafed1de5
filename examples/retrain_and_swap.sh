#!/usr/bin/env bash
# Retrain every night and swap. New documents are sent as they come. The store's documents, with the tag aliases
# applied and junk left out, train a bundle, and the model alias `default` moves to it without failing a request.
# To roll back, send the `previous` of the last answer as the model.
#
# Run it where the store and the bundle folder can be reached: TAGPRIME_DATABASE_URL names the store (or add
# --database URL to the train command), TAGPRIME_BUNDLES the folder of the service's bundles. To train on another
# machine, write the same documents to a file with `tagprime documents export`.
set -euo pipefail
server=${TAGPRIME:-http://localhost:8000}
authorization=(${KEY:+-H "Authorization: Bearer $KEY"})
catalogue=${1:-catalogue.jsonl}
bundle=${2:-tonight}
key=feed-$(sha256sum < "$catalogue" | cut -c 1-16)  # the same file again goes on where it was broken off

curl -sf "${authorization[@]}" "$server/v1/documents" -H 'Content-Type: application/x-ndjson' \
  -H "Idempotency-Key: $key" --data-binary "@$catalogue"
tagprime train store --recipe "${RECIPE:-completion}" --out "$bundle"
model=$(tagprime bundle import "$bundle")
curl -sf "${authorization[@]}" -X PUT "$server/v1/aliases/default" -H 'Content-Type: application/json' \
  -d "{\"model\": \"$model\"}"
