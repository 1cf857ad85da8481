"""Sends messages over compressed connections and compares what comes back with a plain one: deflate.py ADDRESS ROOM COUNT"""

import json
import random
import sys

from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import connect

# Under way at one time: as many as the server takes before it waits for answers.
AHEAD = 32

OFFERS = [
    ClientPerMessageDeflateFactory(client_max_window_bits=True),
    ClientPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True),
    ClientPerMessageDeflateFactory(server_max_window_bits=15, client_max_window_bits=9),
]


def content(index, chance):
    """Of many lengths and alphabets, so that some get much shorter and some hardly."""
    alphabet = chance.choice(["x", "ab ", "κόσμε 💬", 'The "ferry"\n', "".join(map(chr, range(33, 127)))])
    length = chance.choice([index + 1, chance.randrange(1, 16000), chance.randrange(400, 600)])
    return f"{index}:" + "".join(chance.choices(alphabet, k=length)).rstrip()


def next_news(socket):
    """The next event of a new message, as it came; other frames are passed over."""
    while True:
        text = socket.recv(timeout=30)
        if text.startswith('{"type":"message.new"'):
            return text


def talk(address, room, count, offer, number):
    chance = random.Random(number)
    contents = [content(index, chance) for index in range(count)]
    with (
        connect(address, compression=None, extensions=[offer]) as compressed,
        connect(address, compression=None) as plain,
    ):
        agreed = compressed.protocol.extensions
        assert [extension.name for extension in agreed] == ["permessage-deflate"], agreed
        assert agreed[0].remote_no_context_takeover and agreed[0].local_no_context_takeover, agreed
        assert plain.protocol.extensions == []
        sent = 0
        for received in range(count):
            while sent < count and sent < received + AHEAD:
                payload = {"conversationId": room, "clientMessageId": f"{number}-{sent}", "content": contents[sent]}
                frame = json.dumps({"id": str(sent), "type": "message.send", "payload": payload})
                middle = chance.randrange(len(frame))
                compressed.send(frame if sent % 2 else [frame[:middle], frame[middle:]])
                sent += 1
            news = next_news(compressed)
            assert news == next_news(plain)
            assert json.loads(news)["payload"]["content"] == contents[received]


def main():
    address, room, count = sys.argv[1:]
    for number, offer in enumerate(OFFERS):
        talk(address, room, int(count), offer, number)
    print(f"{len(OFFERS)} offers, {len(OFFERS) * int(count)} messages")


main()
