"""The connections and names of one scenario with pika."""
import datetime
import decimal
import socket
import ssl
import time

import pika

PERSISTENT = pika.BasicProperties(delivery_mode=2)
TIMEOUT_S = 30


def must_be(what, actual, expected):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} instead of {expected!r}")


class Inbox:
    """The messages of one consumer, in their order."""

    def __init__(self, channel, queue, **options):
        self.channel = channel
        self.arrived = []
        self.cancelled = False
        channel.add_on_cancel_callback(self._cancelled)
        self.tag = channel.basic_consume(queue, self._arrived, **options)

    def _arrived(self, _channel, method, properties, body):
        self.arrived.append((method, properties, body))

    def _cancelled(self, _frame):
        self.cancelled = True

    def until(self, condition):
        deadline = time.monotonic() + TIMEOUT_S
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("takes too long")
            self.channel.connection.process_data_events(0.05)

    def receive(self):
        self.until(lambda: self.arrived)
        return self.arrived.pop(0)

    def take(self):
        """Acknowledged one by one."""
        method, properties, body = self.receive()
        self.channel.basic_ack(method.delivery_tag)
        return method, properties, body

    def bodies(self, count):
        return [self.take()[2].decode() for _ in range(count)]


class Stage:
    def __init__(self, task, job, name):
        self.task = task
        self.job = job
        self.name = name
        self.connections = []

    def connect(self, port=None):
        tls = self.job["transport"] == "tls"
        context = ssl.create_default_context(cafile=self.task["caFile"]) if tls else None
        user, password = (self.task["user"], self.task["password"]) if tls else ("guest", "guest")
        connection = pika.BlockingConnection(
            pika.ConnectionParameters(
                host=self.task["host"],
                port=port or self.task["ports"][self.job["transport"]],
                credentials=pika.PlainCredentials(user, password),
                ssl_options=pika.SSLOptions(context, self.task["host"]) if tls else None,
                socket_timeout=TIMEOUT_S,
                blocked_connection_timeout=TIMEOUT_S,
            )
        )
        self.connections.append(connection)
        return connection

    def channel(self):
        return self.connect().channel()

    def confirming(self):
        channel = self.channel()
        channel.confirm_delivery()
        return channel

    def cut(self, connection):
        """As if its process had been killed."""
        self.connections.remove(connection)
        connection._impl._transport._sock.shutdown(socket.SHUT_RDWR)

    def named(self, rest):
        return f"{self.job['prefix']}-{self.name}-{rest}"

    def end(self):
        for connection in self.connections:
            try:
                connection.close()
            except Exception:  # it is closed already
                pass


def send(channel, exchange, key, *bodies):
    """Each confirmed before the next."""
    for body in bodies:
        channel.basic_publish(exchange, key, body.encode(), PERSISTENT)


def headers_of(task):
    """Of every type that pika has: it chooses by the size of a number, and has no 8 or 16 bits, unsigned or floating point."""
    headers = task["headers"]
    return {
        "text": headers["text"],
        "empty": "",
        "long_text": headers["long_text"],
        "yes": True,
        "no": False,
        "int32": int(headers["int32"]),
        "int64": int(headers["int64"]),
        "decimal": decimal.Decimal(headers["decimal"]),
        "timestamp": datetime.datetime.fromtimestamp(1_700_000_000, datetime.timezone.utc),
        "bytes": bytes.fromhex("0001ff"),
        "void": None,
        "table": {"name": "röd", "list": [1, "two"]},
        "array": [1, "two", True, {"deep": []}],
    }


def text_of(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return "x" + value.hex()
    if isinstance(value, datetime.datetime):
        return f"T{int(value.timestamp())}"
    if isinstance(value, list):
        return f"[{','.join(map(text_of, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{name}={text_of(value[name])}" for name in sorted(value)) + "}"
    return str(value)
