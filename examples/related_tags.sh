#!/usr/bin/env bash
# Related tags, for "more like this" on a tag's page: the tags closest to "jazz" where it stands beside "hip hop".
set -euo pipefail
server=${TAGPRIME:-http://localhost:8000}
authorization=(${KEY:+-H "Authorization: Bearer $KEY"})

curl -sf "${authorization[@]}" "$server/v1/prime" -d '{"tag": "jazz", "context": ["hip hop"], "limit": 5}'
