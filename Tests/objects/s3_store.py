"""moto's S3 server, which checks signatures as the real one does."""

import os
import socket
import subprocess
import sys
import time

import boto3
import botocore.exceptions
from botocore.config import Config

BUCKET = "pictures"
START_SECONDS = 300
# The calls that make the user and the bucket; every later one has to be signed by that user.
UNCHECKED_CALLS = 4
ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Store:
    def __init__(self):
        # The same port again after a restart.
        self.port = free_port()
        self.process = None
        self.key = None

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def variables(self):
        return {
            "S3_URL": self.address, "S3_BUCKET": BUCKET, "S3_REGION": "eu-central-1",
            "S3_ACCESS_KEY_ID": self.key["AccessKeyId"], "S3_SECRET_ACCESS_KEY": self.key["SecretAccessKey"],
        }

    def _client(self, service, key="unchecked", secret="unchecked"):
        return boto3.client(
            service, endpoint_url=self.address, region_name="eu-central-1", aws_access_key_id=key,
            aws_secret_access_key=secret, config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}))

    def start(self):
        environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(UNCHECKED_CALLS)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)], env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                break
            except OSError:
                assert self.process.poll() is None and time.monotonic() < deadline, "moto does not start"
                time.sleep(0.05)
        iam = self._client("iam")
        iam.create_user(UserName="fitai")
        self.key = iam.create_access_key(UserName="fitai")["AccessKey"]
        iam.put_user_policy(UserName="fitai", PolicyName="all", PolicyDocument=ALLOW_ALL)
        self._client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        return self

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait(timeout=START_SECONDS)
            self.process = None

    def freeze(self):
        """As a network that swallows everything: connections open, nothing answers."""
        self.process.send_signal(19)  # SIGSTOP

    def thaw(self):
        self.process.send_signal(18)  # SIGCONT

    def objects(self):
        client = self._client("s3", self.key["AccessKeyId"], self.key["SecretAccessKey"])
        kinds = {}
        for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            try:
                kinds[item["Key"]] = client.head_object(Bucket=BUCKET, Key=item["Key"])["ContentType"]
            except botocore.exceptions.ClientError as error:
                # The server may remove it between the two questions.
                if error.response["Error"]["Code"] != "404":
                    raise
        return kinds
