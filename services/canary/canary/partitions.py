"""Where Kafka puts the events of a stream: the public rule of its default partitioner, murmur2 of the key."""

from typing import Final

_FACTOR: Final = 0x5BD1E995
_SEED: Final = 0x9747B28C
_WORD: Final = 0xFFFFFFFF


def partition_of(stream_id: str, partitions: int) -> int:
    """The partition of a stream, from 0."""
    key = stream_id.encode()
    state = _SEED ^ len(key)
    whole = len(key) - len(key) % 4
    for begin in range(0, whole, 4):
        word = int.from_bytes(key[begin : begin + 4], "little") * _FACTOR & _WORD
        state = state * _FACTOR & _WORD ^ (word ^ word >> 24) * _FACTOR & _WORD
    if rest := key[whole:]:
        state = (state ^ int.from_bytes(rest, "little")) * _FACTOR & _WORD
    state = (state ^ state >> 13) * _FACTOR & _WORD
    return ((state ^ state >> 15) & 0x7FFFFFFF) % partitions
