"""One client's connection: what is no valid HTTP gets a sentence, as every other error does."""

import json

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

NO_HTTP = {"error": "no_http", "message": "The request is not valid HTTP; check how its body is divided and sent."}


class Connection(H11Protocol):
    """As uvicorn's, which would answer twice, or into a closed connection, and log a traceback for it."""

    def send_400_response(self, msg: str) -> None:
        """End the connection; with an answer, where none has begun."""
        if self.cycle is not None:  # the service may still be reading: for it the client has gone
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = json.dumps(NO_HTTP).encode()
            headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
            head = h11.Response(status_code=400, headers=[*headers.items()], reason=b"Bad Request")
            events = head, h11.Data(data=body), h11.EndOfMessage()
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()
