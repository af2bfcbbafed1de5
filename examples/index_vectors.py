"""Fetch tag vectors for a vector store of your own.

The endpoint has the shape of OpenAI's embeddings endpoint, so clients of that work with it. Index the
`candidate` vectors, and search them with `query` vectors by the metric that the answer names.
"""

import os

import httpx

server = os.environ.get("TAGPRIME", "http://localhost:8000")
headers = {"Authorization": f"Bearer {os.environ['KEY']}"} if "KEY" in os.environ else {}

with httpx.Client(base_url=server, headers=headers) as tagprime:
    vocabulary = tagprime.get("/v1/tags", params={"limit": 100}).raise_for_status().json()
    tags = [tag["tag"] for tag in vocabulary["tags"]]
    # `dimensions` takes more or fewer numbers; GET /v1/models/default says what each width is worth.
    candidates = tagprime.post("/v1/embeddings", json={"input": tags, "input_type": "candidate"})
    query = tagprime.post("/v1/embeddings", json={"input": {"tag": "jazz", "context": ["ambient"]}})
index, asked = candidates.raise_for_status().json(), query.raise_for_status().json()
print(f"{len(index['data'])} vectors of {asked['dimensions']} numbers, to compare by {index['metric']}")
print(f"their nearest ten hold {asked['overlap']:.0%} of /prime's first ten, measured on other queries")
