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
    candidates = tagprime.post("/v1/embeddings", json={"input": tags, "input_type": "candidate"})
    query = tagprime.post("/v1/embeddings", json={"input": {"tag": "jazz", "context": ["ambient"]}})
index, asked = candidates.raise_for_status().json(), query.raise_for_status().json()
width = len(asked["data"][0]["embedding"])
print(f"{len(index['data'])} vectors of {width} numbers, to compare by {index['metric']}")
