"""Complete tracks: the tag typed last is the query, the tags that are there already are its context.

Many tracks go in one request. Each query is answered by itself, so a faulty one does not fail the others.
"""

import os

import httpx

server = os.environ.get("TAGPRIME", "http://localhost:8000")
headers = {"Authorization": f"Bearer {os.environ['KEY']}"} if "KEY" in os.environ else {}

tracks = [["hip hop", "chillout"], ["indie rock", "lo-fi", "garage rock"]]
queries = [{"tag": tags[-1], "context": tags[:-1], "limit": 5} for tags in tracks]
answer = httpx.post(f"{server}/v1/prime/batch", json={"queries": queries}, headers=headers)
for tags, item in zip(tracks, answer.raise_for_status().json()["items"], strict=True):
    if item["status"] == 200:
        print(tags, "->", [result["tag"] for result in item["result"]["results"]])
    else:
        print(tags, "->", item["problem"]["detail"])
