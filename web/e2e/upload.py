"""Uploads a file with tuspy over a bad line: upload.py ADDRESS TOKEN PATH

After a third of it, the line `restart` is printed, and the server is expected to be gone and back when a line is read. At
the end, the address of the upload is printed.
"""

import sys
import time

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

CHUNK_BYTES = 1024 * 1024
TRIES_MAX = 400
PAUSE_SECONDS = 0.025


def main(address, token, path):
    client = TusClient(address, headers={"Authorization": f"Bearer {token}"})
    options = {"file_path": path, "chunk_size": CHUNK_BYTES, "metadata": {"filename": "sent.bin"}}
    tries = 0
    url = None
    uploader = None
    restarted = False
    while True:
        try:
            # A new uploader asks where the upload stands.
            uploader = uploader or client.uploader(url=url, **options)
            size = uploader.get_file_size()
            while uploader.offset < size:
                uploader.upload_chunk()
                url = uploader.url
                if not restarted and uploader.offset > size // 3:
                    restarted = True
                    print("restart", flush=True)
                    sys.stdin.readline()
            break
        except (TusCommunicationError, OSError) as error:
            tries += 1
            assert tries < TRIES_MAX, f"{error} again and again"
            if uploader is not None:
                url = uploader.url or url
            uploader = None
            time.sleep(PAUSE_SECONDS)
    print(uploader.url)


main(*sys.argv[1:])
