"""The stand-in for a server of models as a process of its own, so that it can be killed; prints its address."""

import threading

from tests.api.model_server import ModelServer, served

if __name__ == "__main__":
    with served(ModelServer(tokens=["word "] * 100_000, token_delay=0.01)) as server:
        print(server.url, flush=True)
        threading.Event().wait()
