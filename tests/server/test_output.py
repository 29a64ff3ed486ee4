"""The streams of the service: whole lines at once, or none."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from enrollment import output
from enrollment.output import Output

LONG = "x" * 50_000


@pytest.fixture(params=["a pipe of its own", "a pipe that it can not open anew"])
def pipe(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Both ends; what would wait fails the test, as nothing else can: no one reads meanwhile."""
    if request.param == "a pipe that it can not open anew":
        monkeypatch.setattr(output, "REOPENABLE_PATH", "/nowhere/{}")
    ends = [*os.pipe()]
    yield ends
    for end in ends:
        os.close(end)


def take(reader: int) -> str:
    """What is there."""
    os.set_blocking(reader, False)
    taken = b""
    try:
        while part := os.read(reader, 65536):
            taken += part
    except BlockingIOError:
        return taken.decode()
    return taken.decode()


def test_a_full_pipe_takes_whole_lines_again_once_it_is_read(pipe: list[int]):
    reader, writer = pipe
    stream = Output(writer)
    number = 0
    while stream.dropped < 3:
        print(number, LONG[: number % 3 * 7000], number, file=stream)
        number += 1

    taken = take(reader)
    print("next", file=stream)
    stream.flush()
    taken += take(reader)

    *lines, last, end = taken.split("\n")
    assert (last, end) == ("next", "")
    found = [line.split(" ") for line in lines]
    assert all(first == last for first, _, last in found)
    assert [int(first) for first, *_ in found] == sorted({int(first) for first, *_ in found})
    assert len(lines) == number - 3
    # Others who write to the same pipe may wait, as before.
    assert os.get_blocking(writer)


def test_a_line_that_is_longer_than_the_pipe_goes_on_when_it_is_read(pipe: list[int]):
    reader, writer = pipe
    stream = Output(writer)
    text = f"{LONG}{LONG}{LONG}\n"

    stream.write(text)
    stream.write("in between\n")
    taken = take(reader)
    while not taken.endswith("\n"):
        stream.flush()
        taken += take(reader)
    stream.write("next\n")

    assert (taken, take(reader), stream.dropped) == (text, "next\n", 1)


def test_a_pipe_that_no_one_will_ever_read_loses_what_it_held(pipe: list[int]):
    reader, writer = pipe
    stream = Output(writer)
    stream.write(f"{LONG}{LONG}\n")
    pipe[0] = os.open(os.devnull, os.O_RDONLY)
    os.close(reader)

    stream.write("next\n")
    stream.write("next\n")

    assert stream.dropped == 3


@contextmanager
def room(size: int) -> Iterator[None]:
    """For every file of the process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_line_that_broke_off_is_ended_before_the_next(tmp_path: Path):
    with (tmp_path / "log").open("wb") as file:
        stream = Output(file.fileno())
        with room(10):
            stream.write("first\n")
            stream.write("second\n")
            stream.write("third\n")
            lost = stream.dropped
        stream.write("fourth\n")

    assert (tmp_path / "log").read_text() == "first\nseco\nfourth\n"
    assert lost == stream.dropped == 2


def test_lines_that_are_printed_in_parts_are_written_whole(pipe: list[int]):
    reader, writer = pipe
    stream = Output(writer)

    print("a", "b", sep="\n", end="", file=stream, flush=True)
    assert take(reader) == "a\n"
    print("\udc80é", file=stream)

    assert take(reader) == "b\\udc80é\n"


def test_a_stream_that_is_closed_drops_every_line():
    stream = Output(None)

    print("a", "b", sep="\n", file=stream)

    assert stream.dropped == 2
    with pytest.raises(OSError):
        stream.fileno()
