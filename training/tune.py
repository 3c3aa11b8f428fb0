"""Tune the line net: on synthetic lines of print, or on synthetic fields that a pen filled in.

    python -m training.tune lines OUT [--number 100000] [--seed 1]
    python -m training.tune fields OUT [--number 160000] [--seed 1] [--hands requirements/hands/node_modules]

OUT gets `line_vi.onnx` and `line_vi.json`, or `written_vi.onnx`, as they lie in `engines/weights/`. Lines and fields are
drawn in a process of their own while the net learns; the same seed and number give the same ones in the same order. CTC,
AdamW with a cosine; the statistics of the first training stay.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import optax

from engines.written_net import SIGNS
from training import base, net

_HALO = 8
_WARM = 100


class Task(NamedTuple):
    """What a net is tuned for.

    Attributes:
        number: examples, by default.
        rate: of learning, at its height.
        widths: that examples are padded to, so that few shapes are compiled.
        pixels: of a batch: its width times its number of examples.
        batch: examples of a batch, about; measured on the drawn mix of widths.
    """

    number: int
    rate: float
    widths: tuple[int, ...]
    pixels: int
    batch: int


TASKS: Final = {
    "lines": Task(100_000, 6e-4, (96, 160, 256, 384, 544, 736, 960, 1208), 12_000, 33),
    "fields": Task(160_000, 1.2e-3, (96, 128, 176, 264, 400), 4_400, 31),
}


def main() -> None:
    """Run the tuning."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("out", type=Path)
    parser.add_argument("--number", type=int, help="of examples")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hands", type=Path, default=Path("requirements/hands/node_modules"))
    given = parser.parse_args()
    task = TASKS[given.task]
    task = task._replace(number=given.number or task.number)
    model = onnx.load_from_string(base.model())
    known = base.characters()
    given.out.mkdir(parents=True, exist_ok=True)
    if given.task == "fields":
        rows = [0, *(known.index(sign) + 1 for sign in SIGNS)]
        weights = net.narrowed(net.read_weights(model), rows)
        examples = _batches(_make_fields, task, (given.seed, given.hands))
        tuned = _tuned(weights, task, examples)
        net.write_steps_model(model, tuned, given.out / "written_vi.onnx")
        return
    characters = [*known, *base.NEW]
    weights = net.widened(net.read_weights(model), len(base.NEW))
    tuned = _tuned(weights, task, _batches(_make_lines, task, (given.seed, characters)))
    net.write_model(model, tuned, given.out / "line_vi.onnx")
    text = json.dumps({"characters": characters}, ensure_ascii=False, indent=1)
    (given.out / "line_vi.json").write_text(text + "\n", encoding="utf-8")


def _tuned(weights: net.Weights, task: Task, batches: Iterator[dict[str, jax.Array]]) -> net.Weights:
    fixed = {name: value for name, value in weights.items() if net.frozen(name)}
    free = {name: value for name, value in weights.items() if name not in fixed}
    share = optax.warmup_cosine_decay_schedule(
        0.0, 1.0, _WARM, max(_WARM + 1, task.number // task.batch), 0.01
    )
    optimiser = optax.chain(
        optax.clip_by_global_norm(5.0), optax.adamw(lambda step: task.rate * share(step), weight_decay=1e-4)
    )

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def step(free: net.Weights, state: Any, batch: dict[str, jax.Array]) -> Any:
        def loss(free: net.Weights) -> jax.Array:
            logits, beyond = net.logits({**free, **fixed}, batch["ink"], batch["widths"])
            each = optax.ctc_loss(logits, beyond, batch["labels"], batch["padding"])
            return jnp.mean(each / jnp.maximum((1 - batch["padding"]).sum(1), 1))

        value, slope = jax.value_and_grad(loss)(free)
        change, state = optimiser.update(slope, state, free)
        return optax.apply_updates(free, change), state, value

    state, done, mean, began, steps = optimiser.init(free), 0, 0.0, time.monotonic(), 0
    for batch in batches:
        free, state, value = step(free, state, batch)
        done, steps = done + len(batch["widths"]), steps + 1
        mean = float(value) if not mean else 0.98 * mean + 0.02 * float(value)
        if steps % 100 == 0:
            print(
                f"{done} of {task.number}, {steps} steps, loss {mean:.4f}, {time.monotonic() - began:.0f} s",
                flush=True,
            )
        if done >= task.number:
            break
    return {**free, **fixed}


def _batches(make: Any, task: Task, source: tuple[Any, ...]) -> Iterator[dict[str, jax.Array]]:
    """Batches of examples of one width, drawn in another process."""
    context = multiprocessing.get_context("spawn")
    waiting: Any = context.Queue(24)
    maker = context.Process(target=make, args=(waiting, task, *source), daemon=True)
    maker.start()
    try:
        while True:
            yield waiting.get()
    finally:
        maker.kill()


def _make_lines(waiting: Any, task: Task, seed: int, characters: list[str]) -> None:
    from training.lines import lines  # noqa: PLC0415 - jax is not needed here, nor this there

    place = {char: number for number, char in enumerate(characters, 1)}
    known = (line for line in lines(seed) if all(char in place for char in line.text))
    _gather(waiting, task, ((line.ink, [place[char] for char in line.text]) for line in known))


def _make_fields(waiting: Any, task: Task, seed: int, hands: Path) -> None:
    from training.fields import fields  # noqa: PLC0415 - as above

    _gather(
        waiting,
        task,
        ((one.ink, [1 + SIGNS.index(sign) for sign in one.text]) for one in fields(seed, hands)),
    )


def _gather(waiting: Any, task: Task, examples: Iterator[tuple[Any, list[int]]]) -> None:
    held: dict[int, list[Any]] = {width: [] for width in task.widths}
    for ink, labels in examples:
        wide = ink.shape[1]
        width = next((width for width in task.widths if wide + _HALO <= width), None)
        # CTC needs a step a letter, and one between two that are alike.
        twins = sum(one == other for one, other in itertools.pairwise(labels))
        if width is None or len(labels) + twins > wide // 4:
            continue
        held[width].append((ink, labels))
        if len(held[width]) == max(4, task.pixels // width):
            waiting.put(_padded(held[width], width))
            held[width] = []


def _padded(lines: list[Any], width: int) -> dict[str, Any]:
    longest = width // 4
    ink = np.zeros((len(lines), 96, width), np.float32)
    labels = np.zeros((len(lines), longest), np.int32)
    padding = np.ones((len(lines), longest), np.float32)
    for row, (image, letters) in enumerate(lines):
        ink[row, :, : image.shape[1]] = image
        labels[row, : len(letters)] = letters
        padding[row, : len(letters)] = 0
    widths = np.array([image.shape[1] for image, _ in lines], np.int32)
    return {"ink": ink, "widths": widths, "labels": labels, "padding": padding}


if __name__ == "__main__":
    main()
