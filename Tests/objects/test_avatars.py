"""Pictures of users in an S3-compatible store."""

import json
import struct
import time
import urllib.error
import urllib.request
import zlib

import pytest
from served import Served

WAIT_SECONDS = 300


def png(red):
    """A picture of one colour, 300 by 200 pixels."""
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = (b"\0" + bytes([red, 0, 0]) * 300) * 200
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 300, 200, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def sign_up(served, name):
    body = {"email": f"{name}@example.org", "username": name, "password": "weights-9-barbells", "displayName": name}
    return served.call("POST", "/v1/auth/register", body)["tokens"]["accessToken"]


def upload(served, token, picture):
    form = (b'--gym\r\nContent-Disposition: form-data; name="avatar"; filename="me.png"\r\n\r\n' + picture
            + b"\r\n--gym--\r\n")
    request = urllib.request.Request(served.address + "/v1/users/upload-avatar", data=form, method="POST")
    request.add_header("authorization", f"Bearer {token}")
    request.add_header("content-type", "multipart/form-data; boundary=gym")
    with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as response:
        return json.loads(response.read())


def picture(served, path, token):
    request = urllib.request.Request(served.address + path, headers={"authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as response:
        return response.headers["content-type"], response.read()


def wait_for(condition):
    """Files go by a job soon after the answer."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_pictures_lie_in_the_bucket_and_leave_it_when_they_are_replaced_or_removed(served, store):
    token = sign_up(served, "ada")
    first = upload(served, token, png(200))
    assert len(store.objects()) == 3
    assert set(store.objects().values()) == {"image/jpeg"}
    kind, content = picture(served, first["large"], token)
    assert kind == "image/jpeg" and content.startswith(b"\xff\xd8\xff")
    second = upload(served, token, png(100))
    assert served.call("GET", "/v1/users/profile", token=token)["avatar"] == second
    wait_for(lambda: len(store.objects()) == 3)
    with pytest.raises(urllib.error.HTTPError) as gone:
        picture(served, first["large"], token)
    assert gone.value.code == 404
    assert picture(served, second["small"], token)[0] == "image/jpeg"
    other = sign_up(served, "eve")
    owner = served.call("GET", "/v1/users/profile", token=token)["id"]
    assert picture(served, second["small"], other)[0] == "image/jpeg"
    served.call("POST", f"/v1/users/{owner}/block", token=other)
    with pytest.raises(urllib.error.HTTPError) as hidden:
        picture(served, second["small"], other)
    assert hidden.value.code == 404
    served.call("DELETE", "/v1/users/avatar", token=token)
    wait_for(lambda: not store.objects())
    assert served.errors() == []


@pytest.mark.parametrize("outage", ["closed", "silent"])
def test_with_the_store_away_the_server_says_when_to_come_back_and_changes_nothing(served, store, outage):
    token = sign_up(served, "ada")
    first = upload(served, token, png(200))
    if outage == "closed":
        store.stop()
    else:
        store.freeze()
    for attempt in (lambda: upload(served, token, png(100)), lambda: picture(served, first["large"], token)):
        with pytest.raises(urllib.error.HTTPError) as away:
            attempt()
        assert away.value.code == 503
        assert int(away.value.headers["retry-after"]) >= 1
        assert json.loads(away.value.read())["code"] == "unavailable"
    assert served.call("GET", "/v1/users/profile", token=token)["avatar"] == first
    if outage == "silent":
        store.thaw()
        assert upload(served, token, png(100)) != first
    assert served.errors() == []


def test_a_key_that_the_store_does_not_take_is_an_outage_and_not_a_picture(store):
    wrong = {**store.variables, "S3_SECRET_ACCESS_KEY": "not-the-secret"}
    served = Served(**wrong).start()
    try:
        token = sign_up(served, "ada")
        with pytest.raises(urllib.error.HTTPError) as refused:
            upload(served, token, png(200))
        assert refused.value.code == 503
        assert store.objects() == {}
    finally:
        served.stop()
