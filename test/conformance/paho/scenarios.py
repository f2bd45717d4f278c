"""The scenarios with Eclipse Paho, for the argument's jobs; see test/support/mqtt-scenario.ts."""
import json
import sys
import threading
import time

from paho.mqtt import __version__ as version
import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

TIMEOUT_S = 20
task = json.loads(sys.argv[1])
said = threading.Lock()


def wait_until(what, holds):
    end = time.monotonic() + TIMEOUT_S
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"{what} takes too long")
        time.sleep(0.005)


def must_be(what, actual, expected):
    if actual != expected:
        raise AssertionError(f"{what}: {actual} instead of {expected}")


class Client:
    """One connection, with all that it received."""

    def __init__(self, stage, role, clean=True, will=None):
        job = stage.job
        self.level5 = job["level"] == 5
        web = job["transport"] in ("ws", "wss")
        options = {} if self.level5 else {"clean_session": clean}
        self.paho = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id=f"{job['prefix']}-{stage.name}-{role}",
            protocol=paho.MQTTv5 if self.level5 else paho.MQTTv311,
            transport="websockets" if web else "tcp",
            **options,
        )
        if web:
            self.paho.ws_set_options(path=task["path"])
        if job["transport"] in ("tls", "wss"):
            self.paho.tls_set(ca_certs=task["caFile"])
        if will:
            self.paho.will_set(*will)
        self.connack = None
        self.acknowledged = 0
        self.received = []
        self.disconnected = False
        self.on_message = None
        self.paho.on_connect = self._on_connect
        self.paho.on_subscribe = self._on_acknowledged
        self.paho.on_message = self._on_message
        self.paho.on_disconnect = self._on_disconnect
        properties = None
        if self.level5 and not clean:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 600
        more = {"clean_start": clean, "properties": properties} if self.level5 else {}
        self.paho.connect(task["host"], task["ports"][job["transport"]], keepalive=60, **more)
        self.paho.loop_start()
        wait_until("connecting", lambda: self.connack is not None)
        must_be("return code", self.connack[1].is_failure, False)

    def _on_connect(self, _client, _data, flags, reason_code, _properties):
        self.connack = (flags.session_present, reason_code)

    def _on_acknowledged(self, *_):
        self.acknowledged += 1

    def _on_message(self, _client, _data, message):
        self.received.append(message)
        if self.on_message:
            self.on_message(message)

    def _on_disconnect(self, *_):
        self.disconnected = True

    def subscribe(self, topic, qos=1):
        before = self.acknowledged
        if self.level5:
            self.paho.subscribe(topic, options=SubscribeOptions(qos=qos))
        else:
            self.paho.subscribe(topic, qos)
        wait_until("subscribing", lambda: self.acknowledged > before)

    def publish(self, topic, text, qos=1, retain=False, properties=None):
        self.paho.publish(topic, text, qos, retain, properties).wait_for_publish(TIMEOUT_S)

    def texts(self, count):
        wait_until(f"{count} messages", lambda: len(self.received) >= count)
        return [message.payload.decode() for message in self.received]

    def disconnect(self):
        self.paho.disconnect()
        wait_until("disconnecting", lambda: self.disconnected)
        self.paho.loop_stop()

    def cut(self):
        """As if the device had lost its power."""
        self.paho.loop_stop()
        self.paho.socket().close()


class Stage:
    """The clients and topics of one scenario."""

    def __init__(self, job, name):
        self.job = job
        self.name = name
        self.clients = []

    def connect(self, role, **options):
        client = Client(self, role, **options)
        self.clients.append(client)
        return client

    def topic(self, rest):
        return f"{self.job['prefix']}/{self.name}/{rest}"

    def end(self):
        for client in self.clients:
            if not client.disconnected:
                client.paho.disconnect()
            client.paho.loop_stop()


def publish_and_subscribe(stage):
    subscriber = stage.connect("in")
    subscriber.subscribe(stage.topic("+/#"), 2)
    publisher = stage.connect("out")
    for qos in range(3):
        publisher.publish(stage.topic("a/b"), f"q{qos}", qos)
    must_be("received", subscriber.texts(3), ["q0", "q1", "q2"])
    must_be("QoS", [message.qos for message in subscriber.received], [0, 1, 2])


def will(stage):
    watcher = stage.connect("watch")
    watcher.subscribe(stage.topic("#"))
    stage.connect("quiet", will=(stage.topic("quiet"), "gone", 1)).disconnect()
    stage.connect("cut", will=(stage.topic("cut"), "gone", 1)).cut()
    must_be("wills", watcher.texts(1), ["gone"])
    must_be("topic", watcher.received[0].topic, stage.topic("cut"))


def retained(stage):
    publisher = stage.connect("out")
    for topic, text in [("a", "first"), ("a", "kept"), ("b", "cleared"), ("b", "")]:
        publisher.publish(stage.topic(topic), text, retain=True)
    subscriber = stage.connect("in")
    subscriber.subscribe(stage.topic("+"))
    subscriber.texts(1)
    publisher.publish(stage.topic("a"), "end")
    must_be("received", subscriber.texts(2), ["kept", "end"])
    must_be("RETAIN", [bool(message.retain) for message in subscriber.received], [True, False])


def persistent_session(stage):
    device = stage.connect("device", clean=False)
    device.subscribe(stage.topic("#"))
    device.disconnect()
    publisher = stage.connect("out")
    for text in ["1", "2", "3"]:
        publisher.publish(stage.topic("t"), text)
    back = stage.connect("device", clean=False)
    must_be("session present", back.connack[0], True)
    must_be("received", back.texts(3), ["1", "2", "3"])


def shared_subscription(stage):
    members = [stage.connect("one"), stage.connect("two")]
    for member in members:
        member.subscribe(f"$share/group/{stage.topic('#')}")
    publisher = stage.connect("out")
    wanted = [str(number) for number in range(20)]
    for text in wanted:
        publisher.publish(stage.topic(f"t/{text}"), text)
    wait_until("20 messages", lambda: sum(len(member.received) for member in members) >= 20)
    texts = [message.payload.decode() for member in members for message in member.received]
    must_be("each once", sorted(texts), sorted(wanted))
    must_be("both get some", all(member.received for member in members), True)


def request_response(stage):
    responder = stage.connect("server")

    def answer(message):
        properties = Properties(PacketTypes.PUBLISH)
        properties.CorrelationData = message.properties.CorrelationData
        text = f"answer to {message.payload.decode()}"
        responder.paho.publish(message.properties.ResponseTopic, text, 1, False, properties)

    responder.on_message = answer
    responder.subscribe(stage.topic("requests"))
    requester = stage.connect("client")
    requester.subscribe(stage.topic("answers"))
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = stage.topic("answers")
    properties.CorrelationData = b"\x00\x01\xff"
    requester.publish(stage.topic("requests"), "question", properties=properties)
    must_be("answer", requester.texts(1), ["answer to question"])
    must_be("correlation", requester.received[0].properties.CorrelationData, b"\x00\x01\xff")


SCENARIOS = [
    ("publish and subscribe", "pub", publish_and_subscribe),
    ("will", "will", will),
    ("retained", "kept", retained),
    ("persistent session", "session", persistent_session),
    ("shared subscription", "shared", shared_subscription),
    ("request/response", "ask", request_response),
]


def perform(job, scenario, name, play):
    stage = Stage(job, name)
    told = {"level": job["level"], "transport": job["transport"], "scenario": scenario}
    try:
        play(stage)
    except Exception as error:  # whatever it is, it is the outcome
        told["fault"] = f"{type(error).__name__}: {error}"
    with said:
        print(json.dumps(told), flush=True)
    try:
        stage.end()
    except Exception:  # a connection that is gone already
        pass


print(json.dumps({"version": f"paho-mqtt {version}"}), flush=True)
threads = [
    threading.Thread(target=perform, args=(job, *scenario), daemon=True)
    for job in task["jobs"]
    for scenario in SCENARIOS
    if job["level"] == 5 or scenario[1] != "ask"
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.stdout.flush()
