"""A real HTTP server on a loopback port that speaks the chat API of OpenAI, and misbehaves as told.

``ChatServer(answer)`` calls ``answer`` with each question that it may answer (the body of the request) and sends what it gives as the
assistant's words. ``faults`` are used up first, one for a request: a name of FAULTS, or ``every`` holds one for all requests. Run as a
program it serves answers from a file: ``python tests/kit/chat_server.py ANSWERS.jsonl [PORT]``, each line ``{"holds": words of the
post, "answer": ...}``.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Answer = Callable[[dict[str, Any]], Any]
HANG_S = 30.0

FAULTS = (
    "429", "429-long", "quota", "401", "404", "400", "503", "500-after", "hang", "reset", "cut-body", "cut-length", "broken-json",
    "no-choices", "empty-object", "empty-text", "prose", "refusal", "content-filter", "filtered-question", "wrong-model", "no-usage",
    "no-response-format", "no-json-schema", "no-max-tokens", "redirect", "echo-key", "huge",
)  # fmt: skip


class ChatServer:
    """``seen`` are the requests as they came: ``headers`` and ``body``. ``served`` counts questions that the model was put to work on."""

    def __init__(
        self, answer: Answer, *, served_id: str = "small-1", faults: tuple[str, ...] = (), every: str = "", delay_s: float = 0.0
    ) -> None:
        self.answer = answer
        self.served_id = served_id
        self.faults = list(faults)
        self.every = every
        self.delay_s = delay_s
        self.seen: list[dict[str, Any]] = []
        self.served = 0
        self.at_once = self.most_at_once = 0
        self.leave = threading.Event()
        self._lock = threading.Lock()
        kit = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                kit.handle(self)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                """A client that goes away is no error."""

        self._http = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> ChatServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave.set()
        self._http.shutdown()
        self._http.server_close()

    def handle(self, to: BaseHTTPRequestHandler) -> None:
        body = json.loads(to.rfile.read(int(to.headers["content-length"])))
        with self._lock:
            self.seen.append({"path": to.path, "headers": dict(to.headers), "body": body})
            fault = self.every or (self.faults.pop(0) if self.faults else "")
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.delay_s:
                time.sleep(self.delay_s)
            self._respond(to, body, fault)
        finally:
            with self._lock:
                self.at_once -= 1

    def _respond(self, to: BaseHTTPRequestHandler, body: dict[str, Any], fault: str) -> None:
        if to.path != "/v1/chat/completions":
            return _send(to, 404, {"error": {"message": f"no such path: {to.path}"}})
        refused = _refusal(body, fault)
        if refused is not None:
            status, payload, headers = refused
            return _send(to, status, payload, headers)
        if fault == "hang":
            self.leave.wait(HANG_S)
            return None
        if fault == "reset":
            # Its files keep the connection open when it is closed: it is shut down, and reset when the last of them goes.
            to.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            to.connection.shutdown(socket.SHUT_RDWR)
            to.close_connection = True
            return None
        with self._lock:
            self.served += 1
        if fault == "500-after":
            self.answer(body)
            return _send(to, 500, {"error": {"message": "internal error"}})
        return self._send_answer(to, body, fault)

    def _send_answer(self, to: BaseHTTPRequestHandler, body: dict[str, Any], fault: str) -> None:
        said = self.answer(body)
        text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        message: dict[str, Any] = {"role": "assistant", "content": text}
        payload: dict[str, Any] = {
            "id": f"chatcmpl-{self.served}", "object": "chat.completion", "created": 1_790_000_000, "model": self.served_id,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": usage(body, text),
        }  # fmt: skip
        choice = payload["choices"][0]
        if fault == "refusal":
            message |= {"content": None, "refusal": "I can't help with that."}
        elif fault == "content-filter":
            message["content"], choice["finish_reason"] = "", "content_filter"
        elif fault == "cut-length":
            message["content"], choice["finish_reason"] = text[: len(text) // 2], "length"
        elif fault == "no-choices":
            payload["choices"] = []
        elif fault == "empty-object":
            payload = {}
        elif fault == "empty-text":
            message["content"] = ""
        elif fault == "prose":
            message["content"] = "I would say that this is a failure, probably."
        elif fault == "wrong-model":
            payload["model"] = "another-model"
        elif fault == "no-usage":
            del payload["usage"]
        elif fault == "echo-key":
            message["content"] = text + str(to.headers.get("authorization"))
        elif fault == "huge":
            message["content"] = "x" * (20 * 2**20)
        data = json.dumps(payload, ensure_ascii=False).encode()
        if fault == "broken-json":
            data = data[:-20] + b"}]}"
        _send_bytes(to, 200, data, cut=fault == "cut-body")


def _refusal(body: dict[str, Any], fault: str) -> tuple[int, Any, dict[str, str]] | None:
    """Status, payload and headers of what is said before a model is asked."""

    def error(status: int, message: str, headers: dict[str, str] | None = None, **more: str) -> tuple[int, Any, dict[str, str]]:
        return status, {"error": {"message": message, **more}}, headers or {}

    form = (body.get("response_format") or {}).get("type", "")
    if fault in ("no-response-format", "no-json-schema") and form == "json_schema":
        return error(400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.")
    if fault == "no-response-format" and form:
        return error(400, "unknown field: response_format")
    if fault == "no-max-tokens" and "max_tokens" in body:
        return error(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.")
    return {
        "429": error(429, "too many requests", {"Retry-After": "1"}),
        "429-long": error(429, "come back tomorrow", {"Retry-After": "86400"}),
        "quota": error(429, "You exceeded your current quota.", type="insufficient_quota", code="insufficient_quota"),
        "401": error(401, "Incorrect API key provided."),
        "404": error(404, "The model does not exist."),
        "400": error(400, "something else is wrong"),
        "503": error(503, "overloaded"),
        "filtered-question": error(400, "The prompt was filtered.", code="content_filter"),
        "redirect": (307, {}, {"Location": "http://127.0.0.1:9/v1/chat/completions"}),
    }.get(fault)  # fmt: skip


def usage(body: dict[str, Any], text: str) -> dict[str, Any]:
    """Tokens as this server counts them: four characters each."""
    sent = sum(len(m["content"]) for m in body["messages"]) // 4
    return {"prompt_tokens": sent, "completion_tokens": max(1, len(text) // 4), "prompt_tokens_details": {"cached_tokens": 0}}


def _send(to: BaseHTTPRequestHandler, status: int, payload: Any, headers: dict[str, str] | None = None) -> None:
    _send_bytes(to, status, json.dumps(payload).encode(), headers)


def _send_bytes(to: BaseHTTPRequestHandler, status: int, data: bytes, headers: dict[str, str] | None = None, *, cut: bool = False) -> None:
    to.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}.items():
        to.send_header(name, value)
    to.end_headers()
    to.wfile.write(data[: len(data) // 2] if cut else data)
    if cut:
        to.close_connection = True


def post_in(body: dict[str, Any]) -> dict[str, Any]:
    """The post that a question of the reader holds, as the model sees it."""
    lines = body["messages"][-1]["content"].split("\n")
    return dict(json.loads(lines[1]))


def from_file(path: Path) -> Answer:
    """Answers by words that the question holds."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]

    def answer(body: dict[str, Any]) -> Any:
        post = post_in(body)
        shown = f"{post['title']}\n{post['text']}"
        return next((line["answer"] for line in lines if line["holds"] in shown), "I have no answer to that.")

    return answer


if __name__ == "__main__":
    with ChatServer(from_file(Path(sys.argv[1]))) as server:
        print(server.url, flush=True)
        server.leave.wait()
