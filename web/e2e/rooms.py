"""Talks as two people with python-socketio, by each of its ways: rooms.py ADDRESS TOKEN TOKEN ROOM COUNT

It goes through what a program of an integrator would do, and fails at the first thing that is not as it should be. After
that it prints the line `restart`, and expects the server to be gone and back when it reads a line.
"""

import sys
import threading

import socketio

WAIT_SECONDS_MAX = 20
WAYS = (["polling"], ["websocket"], ["polling", "websocket"])


class Heard:
    """Everything that a client is told, in order."""

    def __init__(self, client):
        self.events = []
        self.news = threading.Condition()
        client.on("*", self.hear)
        client.on("disconnect", lambda reason: self.hear("disconnect", reason))
        client.on("connect_error", lambda refusal: self.hear("connect_error", refusal))

    def hear(self, name, payload):
        with self.news:
            self.events.append((name, payload))
            self.news.notify_all()

    def all(self, name):
        return [payload for kind, payload in self.events if kind == name]

    def wait(self, name, count=1):
        """The payloads of all events of this name, once there are so many."""
        with self.news:
            happened = self.news.wait_for(lambda: len(self.all(name)) >= count, WAIT_SECONDS_MAX)
            assert happened, f"not {count} of {name} in {self.events}"
            return self.all(name)


def connect(address, token, ways):
    client = socketio.Client(reconnection_delay=0.1, reconnection_delay_max=0.2)
    heard = Heard(client)
    client.connect(address, auth={"token": token}, transports=ways)
    assert heard.wait("ready")[0]["connectionId"] == client.get_sid(), heard.events
    assert client.transport() == ways[-1], client.transport()
    return client, heard


def contents(heard, count):
    """In the order of the log. This client hears each event on a thread of its own, and so in whatever order they run."""
    messages = sorted(heard.wait("message.new", count), key=lambda message: message["seq"])
    return [message["content"] for message in messages]


def talk(address, ada, bob, room, count, ways):
    sender, _ = connect(address, ada, ways)
    member, heard = connect(address, bob, ways)
    sent = []
    for number in range(count):
        key = f"{'+'.join(ways)}-{number}"
        payload = {"conversationId": room, "content": f"Message {key} ⛵", "clientMessageId": key}
        sent.append(sender.call("message.send", payload))
        assert sender.call("message.send", payload) == sent[-1], "a repeat makes another one"
    assert contents(heard, count) == [message["content"] for message in sent]

    # Without waiting for the answers, in order nevertheless.
    answers = []
    for number in range(count):
        sender.emit("send_message", {"room": room, "content": f"Quick {number}"}, callback=answers.append)
    assert contents(heard, 2 * count)[count:] == [f"Quick {number}" for number in range(count)]

    refused = sender.call("message.send", {"conversationId": room, "content": ""})
    assert refused["error"]["code"] == "validation_failed", refused
    assert sender.call("ping") == {}, "a ping has no answer"
    assert sender.call("join_room", {"room": room})["id"] == room
    assert sender.call("leave_room", {"room": room}) == {}
    sender.disconnect()
    member.disconnect()
    stranger = socketio.Client(reconnection=False)
    refused = Heard(stranger)
    try:
        stranger.connect(address, auth={"token": "nonsense"}, transports=ways)
    except socketio.exceptions.ConnectionError:
        (refusal,) = refused.wait("connect_error")
        assert refusal["data"]["code"] == "unauthenticated", refusal
    else:
        raise AssertionError("a token that is none lets somebody in")


def come_back(address, ada, bob, room):
    clients = [connect(address, ada, ways) for ways in WAYS]
    joined = clients[0][0].call("join_room", {"room": room})
    position = {"id": room, "epoch": joined["epoch"], "seq": joined["lastSeq"]}
    print("restart", flush=True)
    sys.stdin.readline()
    other, _ = connect(address, bob, ["websocket"])
    missed = other.call("message.send", {"conversationId": room, "content": "Who is there?"})
    for client, heard in clients:
        heard.wait("ready", 2)
        assert client.call("sync.resume", {"conversations": [position]}) == {"events": 1}
        (events,) = heard.wait("sync.events")
        assert [event["payload"]["id"] for event in events["events"]] == [missed["id"]], events
        client.disconnect()
    other.disconnect()


def main(address, ada, bob, room, count):
    for ways in WAYS:
        talk(address, ada, bob, room, int(count), ways)
    come_back(address, ada, bob, room)
    print(f"{len(WAYS)} ways", flush=True)


main(*sys.argv[1:])
