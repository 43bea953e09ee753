"""Secrets that tests get sooner than people do: what makes them hard to guess takes longer than most tests."""

import threading
from collections.abc import Callable

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

QUICK_TO_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class PrivateKeys:
    """Makes each key once: no test is given the same one twice; the next test is given them again."""

    def __init__(self, make: Callable[..., RSAPrivateKey]) -> None:
        self._make = make
        self._made: dict[int, list[RSAPrivateKey]] = {}
        self._given: dict[int, int] = {}
        self._lock = threading.Lock()

    def begin(self) -> None:
        self._given.clear()

    def give(self, public_exponent: int, key_size: int) -> RSAPrivateKey:
        with self._lock:
            made, number = self._made.setdefault(key_size, []), self._given.get(key_size, 0)
            self._given[key_size] = number + 1
            if number == len(made):
                made.append(self._make(public_exponent=public_exponent, key_size=key_size))
            return made[number]
