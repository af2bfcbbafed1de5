#!/usr/bin/env bash
# Complete or correct a tag while it is typed. Similar spellings are offered; no query replaces a tag by one of them.
set -euo pipefail
server=${TAGPRIME:-http://localhost:8000}
authorization=(${KEY:+-H "Authorization: Bearer $KEY"})

curl -sf "${authorization[@]}" -G "$server/v1/tags/suggest" --data-urlencode "q=${1:-hip hpo}"
