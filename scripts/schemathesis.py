"""Makes what schemathesis sends more telling; scripts/schemathesis.sh loads it.

A made-up id is answered with 404 and gets no further. So half of them are replaced by ids of what is there: what the
sample data has, where the caller is a member, and some conversations of the caller's own. The keys of writes are made
unique, because a repeated key is answered with an earlier answer.
"""

import json
import os
import urllib.request
import uuid

import schemathesis

API = os.environ["API_URL"]
HEADERS = {"Authorization": f"Bearer {os.environ['API_TOKEN']}", "Content-Type": "application/json"}
FRIENDS = ["bob", "chiyo"]


def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(API + path, data, HEADERS), timeout=10) as response:
        return json.load(response)


def found(path):
    return [entry["id"] for entry in ask(path)["data"]]


def own(number):
    body = {"type": "group", "name": f"Own {number}", "members": FRIENDS}
    return ask("/conversations", body)["id"]


def message(conversation, number):
    return ask(f"/conversations/{conversation}/messages", {"content": f"Message {number}"})["id"]


OWN = [own(number) for number in range(20)]
OTHERS = found("/conversations?limit=10&unread=true")
MESSAGES = [message(conversation, number) for conversation in OWN for number in range(3)]
MESSAGES += [id for conversation in OTHERS for id in found(f"/conversations/{conversation}/messages?limit=5")]
KNOWN = {
    "/conversations/": OWN + OTHERS,
    "/messages/": MESSAGES,
}
PEOPLE = [ask(f"/users/{name}")["id"] for name in FRIENDS]


@schemathesis.hook
def before_call(context, case, **kwargs):
    known = next((ids for part, ids in KNOWN.items() if part in case.operation.path), None)
    for name, ids in (("id", known), ("userId", PEOPLE)):
        number = number_of((case.path_parameters or {}).get(name))
        if ids and number is not None and number % 2 == 0:
            case.path_parameters[name] = ids[number // 2 % len(ids)]
    key = (case.headers or {}).get("Idempotency-Key")
    if key and key.isascii() and key.isprintable() and " " not in key:
        case.headers["Idempotency-Key"] = uuid.uuid4().hex


def number_of(text):
    """What a UUID is as a number; none if it is no UUID."""
    try:
        return uuid.UUID(text).int
    except (AttributeError, TypeError, ValueError):
        return None


@schemathesis.serializer("application/offset+octet-stream")
def piece(_context, value):
    """A piece of an upload is its bytes."""
    return value if isinstance(value, bytes) else str(value).encode()
