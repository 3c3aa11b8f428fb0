"""Tune the line net on synthetic lines.

    python -m training.tune OUT [--lines 100000] [--seed 1] [--rate 6e-4]

OUT gets `line_vi.onnx` and `line_vi.json`, as they lie in `engines/weights/`. Lines are drawn in a process of their own
while the net learns; the same seed and number give the same lines in the same order. CTC, AdamW with a cosine; the
statistics of the first training stay.
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
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import optax

from training import base, net

# Widths that lines are padded to, so that few shapes are compiled; lines a batch so that each costs about the same.
_WIDTHS = (96, 160, 256, 384, 544, 736, 960, 1208)
_PIXELS = 12_000
_HALO = 8
_WARM = 100


def main() -> None:
    """Run the tuning."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=6e-4)
    given = parser.parse_args()
    model = onnx.load_from_string(base.model())
    characters = [*base.characters(), *base.NEW]
    weights = net.widened(net.read_weights(model), len(base.NEW))
    tuned = _tuned(weights, characters, given.lines, given.seed, given.rate)
    given.out.mkdir(parents=True, exist_ok=True)
    net.write_model(model, tuned, given.out / "line_vi.onnx")
    text = json.dumps({"characters": characters}, ensure_ascii=False, indent=1)
    (given.out / "line_vi.json").write_text(text + "\n", encoding="utf-8")


def _tuned(weights: net.Weights, characters: list[str], number: int, seed: int, rate: float) -> net.Weights:
    fixed = {name: value for name, value in weights.items() if net.frozen(name)}
    free = {name: value for name, value in weights.items() if name not in fixed}
    share = optax.warmup_cosine_decay_schedule(0.0, 1.0, _WARM, max(_WARM + 1, _steps(number)), 0.01)
    optimiser = optax.chain(
        optax.clip_by_global_norm(5.0), optax.adamw(lambda step: rate * share(step), weight_decay=1e-4)
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
    for batch in _batches(characters, seed):
        free, state, value = step(free, state, batch)
        done, steps = done + len(batch["widths"]), steps + 1
        mean = float(value) if not mean else 0.98 * mean + 0.02 * float(value)
        if steps % 100 == 0:
            print(
                f"{done} lines, {steps} steps, loss {mean:.4f}, {time.monotonic() - began:.0f} s", flush=True
            )
        if done >= number:
            break
    return {**free, **fixed}


def _steps(lines: int) -> int:
    """Steps that many lines take, about; measured on the drawn mix of widths."""
    return lines // 33


def _batches(characters: list[str], seed: int) -> Iterator[dict[str, jax.Array]]:
    """Batches of lines of one width, drawn in another process."""
    context = multiprocessing.get_context("spawn")
    waiting: Any = context.Queue(24)
    maker = context.Process(target=_make, args=(waiting, characters, seed), daemon=True)
    maker.start()
    try:
        while True:
            yield waiting.get()
    finally:
        maker.kill()


def _make(waiting: Any, characters: list[str], seed: int) -> None:
    from training.lines import lines  # noqa: PLC0415 - jax is not needed here, nor this there

    place = {char: number for number, char in enumerate(characters, 1)}
    held: dict[int, list[Any]] = {width: [] for width in _WIDTHS}
    for line in lines(seed):
        labels = [place[char] for char in line.text if char in place]
        wide = line.ink.shape[1]
        width = next((width for width in _WIDTHS if wide + _HALO <= width), None)
        # CTC needs a step a letter, and one between two that are alike.
        twins = sum(one == other for one, other in itertools.pairwise(labels))
        if width is None or len(labels) != len(line.text) or len(labels) + twins > wide // 4:
            continue
        held[width].append((line.ink, labels))
        if len(held[width]) == max(4, _PIXELS // width):
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
