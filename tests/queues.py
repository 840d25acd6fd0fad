"""What stands in for the broker."""

from typing import Any


class Queue:
    """Records what is enqueued, in its order; while ``is_broken``, it fails as a broker does."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any]] = []
        self.is_broken = False

    def enqueue(self, task: Any, argument: Any) -> None:
        if self.is_broken:
            raise ConnectionError("the broker is down")
        self.requests.append((task.name, argument))

    @property
    def arguments(self) -> list[Any]:
        """What the tasks are to work at."""
        return [argument for _, argument in self.requests]
