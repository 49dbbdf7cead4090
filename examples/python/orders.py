"""A service in Python: takes orders from MQTT devices as a member of a group, and publishes an invoice for each.

    ./setup.sh && venv/bin/python orders.py localhost:9090
"""

import json
import signal
import sys
import threading
import uuid
from pathlib import Path

import grpc
from google.protobuf.json_format import MessageToDict
from google.rpc import status_pb2

sys.path.insert(0, str(Path(__file__).parent / "generated"))
from tern.v1 import message_pb2, messaging_pb2, messaging_pb2_grpc  # noqa: E402

GROUP = "billing"
FILTER = "orders/+/created"


class Frames:
    """What the service says on the Subscribe stream: an Open first, then an Ack for each order."""

    def __init__(self):
        self.ready = threading.Condition()
        self.frames = [
            messaging_pb2.SubscribeRequest(
                open=messaging_pb2.SubscribeRequest.Open(topic_filters=[FILTER], group=GROUP)
            )
        ]
        self.over = False

    def say(self, frame):
        with self.ready:
            self.frames.append(frame)
            self.ready.notify()

    def end(self):
        with self.ready:
            self.over = True
            self.ready.notify()

    def __iter__(self):
        while True:
            with self.ready:
                self.ready.wait_for(lambda: self.frames or self.over)
                if not self.frames:
                    return
                frame = self.frames.pop(0)
            yield frame


def invoice(messaging, order):
    """Publishes the invoice; the order's id makes a repetition harmless."""
    body = json.dumps({"order": order.topic.split("/")[1], "total": json.loads(order.payload)["total"]})
    message = message_pb2.Message(topic=order.topic.replace("created", "invoice"), payload=body.encode())
    request = messaging_pb2.PublishRequest(messages=[message], request_id=str(uuid.uuid5(uuid.NAMESPACE_OID, order.message_id)))
    return messaging.Publish(request, timeout=10).results[0].receipt


def main(address):
    frames = Frames()
    signal.signal(signal.SIGTERM, lambda *_: frames.say(messaging_pb2.SubscribeRequest(drain=messaging_pb2.SubscribeRequest.Drain())))
    with grpc.insecure_channel(address) as channel:
        messaging = messaging_pb2_grpc.MessagingServiceStub(channel)
        try:
            for response in messaging.Subscribe(iter(frames)):
                if response.HasField("opened"):
                    print(f"waiting for {FILTER} in group {GROUP}", flush=True)
                for delivery in response.deliveries.deliveries:
                    receipt = invoice(messaging, delivery.message)
                    frames.say(messaging_pb2.SubscribeRequest(ack=messaging_pb2.SubscribeRequest.Ack(ack_ids=[delivery.ack_id])))
                    print(f"{delivery.message.topic}: invoice {receipt.message_id}", flush=True)
        except grpc.RpcError as error:
            sys.exit(explain(error))
        finally:
            frames.end()


def explain(error):
    """The status with its published reason (docs/errors.md)."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            details = [MessageToDict(detail) for detail in status_pb2.Status.FromString(value).details]
            reason = next((detail["reason"] for detail in details if "reason" in detail), "")
            return f"{error.code().name} {reason}: {error.details()}"
    return f"{error.code().name}: {error.details()}"


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "localhost:9090")
