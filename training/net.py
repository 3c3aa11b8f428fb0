"""The line net in jax: weights taken from its ONNX file, computed with gradients, written back into the file.

The graph (1.06 million weights): the middle third of an ink map of three line heights goes through a stem of 4 px steps; a
branch sums up what is above and below; ten blocks of depthwise convolution along the line with squeeze and excitation; a
head gives one logit a class and step, class 0 being CTC's blank.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from onnx import numpy_helper

Weights = dict[str, jax.Array]
# Names that the exporter gave to convolutions into which it folded a normalisation.
_PATCH, _POINT, _FIRST_BLOCK = 504, 507, 510
_BLOCKS = 10
_FROZEN = ("rec.stem_bn.running_mean", "rec.stem_bn.running_var")
_STEP = 4


def read_weights(model: onnx.ModelProto) -> Weights:
    """The weights of a model by their names in the file."""
    return {one.name: jnp.asarray(numpy_helper.to_array(one)) for one in model.graph.initializer}


def widened(weights: Weights, more: int) -> Weights:
    """The weights with further classes in the head: small, and unlikely at first."""
    head, bias = weights["rec.head.weight"], weights["rec.head.bias"]
    noise = jax.random.normal(jax.random.PRNGKey(0), (more, *head.shape[1:])) * head.std() * 0.1
    return {
        **weights,
        "rec.head.weight": jnp.concatenate([head, noise]),
        "rec.head.bias": jnp.concatenate([bias, jnp.full((more,), bias.min())]),
    }


def write_model(model: onnx.ModelProto, weights: Weights, path: Path) -> None:
    """Write the model with other weights, its alternatives to each class declared as outputs."""
    for one in model.graph.initializer:
        one.CopyFrom(numpy_helper.from_array(np.asarray(weights[one.name], np.float32), one.name))
    known = {output.name for output in model.graph.output}
    for name, kind in (("topv", onnx.TensorProto.FLOAT), ("topi", onnx.TensorProto.INT64)):
        if name not in known:
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, None))
    path.write_bytes(model.SerializeToString())


def narrowed(weights: Weights, rows: list[int]) -> Weights:
    """The weights with some classes of the head alone."""
    return {
        **weights,
        "rec.head.weight": weights["rec.head.weight"][jnp.array(rows)],
        "rec.head.bias": weights["rec.head.bias"][jnp.array(rows)],
    }


def write_steps_model(model: onnx.ModelProto, weights: Weights, path: Path) -> None:
    """Write the model with other weights, and as outputs the log probabilities of every step: `logs` and `lengths`."""
    for one in model.graph.initializer:
        one.CopyFrom(numpy_helper.from_array(np.asarray(weights[one.name], np.float32), one.name))
    (last,) = (node for node in model.graph.node if node.op_type == "LogSoftmax")
    last.output[0] = "logs"
    lengths = [output for output in model.graph.output if output.name == "lengths"]
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info("logs", onnx.TensorProto.FLOAT, None))
    model.graph.output.extend(lengths)
    needed, kept = {"logs", "lengths"}, list[onnx.NodeProto]()
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            kept.append(node)
            needed |= set(node.input)
    del model.graph.node[:]
    model.graph.node.extend(reversed(kept))
    path.write_bytes(model.SerializeToString())


def frozen(name: str) -> bool:
    """True for statistics of the data the net was first trained on: a small set would spoil them."""
    return name in _FROZEN


def logits(weights: Weights, ink: jax.Array, widths: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Logits [B, T, classes] and a mask [B, T] that is 1 beyond each line's end.

    Args:
        weights: of the net.
        ink: maps [B, 96, W], 0 paper, 1 ink; W a multiple of 4.
        widths: [B], pixels that each line takes.
    """
    line = _stem(weights, ink) + _context(weights, ink)
    norm = "rec.stem_bn."
    mean, spread = weights[norm + "running_mean"], jnp.sqrt(weights[norm + "running_var"] + 1e-5)
    line = (line - mean) / spread * weights[norm + "weight"] + weights[norm + "bias"]
    steps = line.shape[1]
    inside = (jnp.arange(steps)[None] < -(-widths // _STEP)[:, None]).astype(line.dtype)
    line = jax.nn.hard_swish(line) * inside[..., None]
    for block in range(_BLOCKS):
        line = (line + _block(weights, block, line, inside)) * inside[..., None]
    return line @ weights["rec.head.weight"][..., 0].T + weights["rec.head.bias"], 1 - inside


def _stem(weights: Weights, ink: jax.Array) -> jax.Array:
    count, high, wide = ink.shape
    third = high // 3
    cut = ink[:, third : 2 * third].reshape(count, third, wide // _STEP, _STEP)
    kernel = weights["rec.stem.weight"][:, 0]
    return jnp.einsum("bhtk,chk->btc", cut, kernel) + weights["rec.stem.bias"]


def _context(weights: Weights, ink: jax.Array) -> jax.Array:
    """What stands above and below, weighed by row: [B, T, 128]."""
    count, high, wide = ink.shape
    rows, steps = high // _STEP, wide // _STEP
    patches = ink.reshape(count, rows, _STEP, steps, _STEP)
    seen = jnp.einsum("brkts,cks->brtc", patches, weights[f"onnx::Conv_{_PATCH}"][:, 0])
    seen = jax.nn.hard_swish(seen + weights[f"onnx::Conv_{_PATCH + 1}"])
    kernel = weights["rec.context.dw.weight"][:, 0]
    padded = jnp.pad(seen, ((0, 0), (1, 1), (1, 1), (0, 0)))
    # A depthwise convolution as shifted sums: on a CPU many times the speed of a grouped one.
    seen = sum(
        padded[:, down : down + rows, across : across + steps] * kernel[:, down, across]
        for down in range(3)
        for across in range(3)
    )
    seen = seen @ weights[f"onnx::Conv_{_POINT}"][..., 0, 0].T + weights[f"onnx::Conv_{_POINT + 1}"]
    seen = jax.nn.hard_swish(seen)
    score = seen @ weights["rec.context.score.weight"][..., 0, 0].T + weights["rec.context.score.bias"]
    share = jax.nn.softmax(score + weights["rec.context.row_prior"][0, :, :, 0].T[None, :, None], axis=1)
    groups = share.shape[-1]
    parts = seen.reshape(count, rows, steps, groups, -1)
    drawn = jnp.einsum("brtgc,brtg->btgc", parts, share).reshape(count, steps, -1)
    return drawn @ weights["rec.context.proj.weight"][..., 0].T + weights["rec.context.proj.bias"]


def _block(weights: Weights, number: int, line: jax.Array, inside: jax.Array) -> jax.Array:
    names = _FIRST_BLOCK + 3 * number
    kernel = weights[f"onnx::Conv_{names}"][:, 0]
    reach, steps = kernel.shape[1], line.shape[1]
    padded = jnp.pad(line, ((0, 0), (reach // 2, reach // 2), (0, 0)))
    along = sum(padded[:, shift : shift + steps] * kernel[:, shift] for shift in range(reach))
    part = f"rec.blocks.{number}."
    wide = jax.nn.hard_swish(_dense(weights, part + "expand", along + weights[f"onnx::Conv_{names + 1}"]))
    mean = (wide * inside[..., None]).sum(1) / jnp.maximum(inside.sum(1), 1)[:, None]
    gate = _dense(weights, part + "se.fc2", jax.nn.relu(_dense(weights, part + "se.fc1", mean)))
    return _dense(weights, part + "project", wide * jax.nn.sigmoid(gate)[:, None])


def _dense(weights: Weights, name: str, values: jax.Array) -> Any:
    return values @ weights[name + ".weight"][..., 0].T + weights[name + ".bias"]
