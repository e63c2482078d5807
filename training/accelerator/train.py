"""Train packed recipes one after the other on this machine's GPU, each within its share of the time.

    KERAS_BACKEND=torch python -m training.accelerator.train RECIPE:SECONDS ... --packed FOLDER --out FOLDER

A recipe with teachers learns from the mean answer of those trained before it here (Hinton 2015; Beyer, CVPR 2022: one
view for teacher and student). For each recipe the output folder receives ``RECIPE.npz`` with the averaged weights,
``RECIPE.csv`` with the log and ``RECIPE.json``; figures of validation are printed. Written as soon as they are there:
an interrupted command leaves what it has finished.
"""

import argparse
import dataclasses
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

os.environ.setdefault("KERAS_BACKEND", "torch")

from training.command import TrainingError, one_sentence  # isort: skip  # first: it says that torch is missing

import cv2
import keras
import numpy as np
import pandas as pd
import torch
from torch.nn.functional import cross_entropy, interpolate, log_softmax, softmax

from training.accelerator.augment import views
from training.accelerator.plan import read_plan
from training.accelerator.weights import halved, read_weights
from training.data.augment import LEVELS, Augmentation
from training.data.label_sets import CODES
from training.data.splits import TRAIN, VALIDATION
from training.networks.architectures import build_network, logits_model
from training.networks.pytorch import use_fused_kernels
from training.recipe import Recipe

TIMED_STEPS = 40  # after which the number of steps that the time allows is known
WARM_STEPS = 10  # not timed: kernels are chosen in them
AVERAGED = 0.03  # share of all steps over which weights are averaged
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@dataclasses.dataclass(frozen=True, eq=False)
class Packed:
    """Images on the device (n, edge, edge, 3), uint8, and their rows: lesion_id, dataset, label, split."""

    photos: torch.Tensor
    rows: pd.DataFrame

    def part(self, split: str) -> np.ndarray:
        """Return the places of a split's images."""
        return np.flatnonzero((self.rows.split == split).to_numpy())

    @property
    def labels(self) -> np.ndarray:
        """Return each image's class number."""
        return self.rows.label.map({code: place for place, code in enumerate(CODES)}).to_numpy()


def read_packed(folder: Path) -> Packed:
    """Decode all parts in threads and put them on the device."""
    files = [file for path in sorted(folder.glob("part_*.npz")) for file in _files(path)]
    rows = pd.read_csv(folder / "images.csv")
    if len(files) != len(rows):
        raise TrainingError(f"{folder} holds {len(files):,} of {len(rows):,} images; carry the other parts there too.")
    with ThreadPoolExecutor() as pool:
        pixels = list(pool.map(_decoded, files))
    return Packed(torch.from_numpy(np.stack(pixels)).to(DEVICE), rows)


def train_sizes(packed: Packed) -> dict[str, tuple[int, int]]:
    """Return how many images and lesions of each set are there to learn from."""
    rows = packed.rows[packed.rows.split == TRAIN]
    return {str(name): (len(part), part.lesion_id.nunique()) for name, part in rows.groupby("dataset")}


def _decoded(file: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(cv2.imdecode(file, 1), cv2.COLOR_BGR2RGB)  # type: ignore[arg-type]  # None is refused there


def _files(path: Path) -> list[np.ndarray]:
    with np.load(path) as part:
        return np.split(part["data"], part["ends"][:-1])


def draw_weights(recipe: Recipe, rows: pd.DataFrame, labels: np.ndarray) -> np.ndarray:
    """Return how often each training image is drawn, in proportion: by its class, as `balancing.power`, and its set."""
    exponent = recipe.balancing_options.get("exponent", 0.6)
    of_class = np.bincount(labels, minlength=len(CODES))[labels].astype(float) ** -exponent
    in_set = rows.dataset.map(lambda name: recipe.source_weights.get(name, 1.0)).to_numpy(float)
    return of_class * in_set


def start_network(recipe: Recipe, packed: Path, out: Path) -> keras.Model:
    """Return the network up to its logits, with the weights of its earlier stage or the packed ones."""
    network = logits_model(build_network(dataclasses.replace(recipe, weights="none"), len(CODES)))
    earlier = out / f"{recipe.start_from}.npz"
    network.set_weights(read_weights(earlier if recipe.start_from else packed / f"start_{recipe.architecture}.npz"))
    return network


class Trainer:
    """One recipe's training: draws, learns, averages weights."""

    def __init__(self, recipe: Recipe, network: keras.Model, packed: Packed, teachers: list) -> None:
        self.recipe, self.network, self.packed, self.teachers = recipe, network, packed, teachers
        self.amount = cast("Augmentation", LEVELS[recipe.augmentation])  # a plan has no recipe without
        self.places = torch.from_numpy(packed.part(TRAIN)).to(DEVICE)
        rows, labels = packed.rows.iloc[packed.part(TRAIN)], packed.labels[packed.part(TRAIN)]
        self.labels = torch.from_numpy(labels).to(DEVICE)
        self.weights = torch.from_numpy(draw_weights(recipe, rows, labels)).to(DEVICE)
        self.random = torch.Generator(DEVICE).manual_seed(recipe.seed)
        self.host = np.random.default_rng(recipe.seed)
        learnt = [p for p in network.parameters() if p.requires_grad]
        kernels, others = [p for p in learnt if p.ndim > 1], [p for p in learnt if p.ndim <= 1]
        groups = [{"params": kernels, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.rate, fused=DEVICE == "cuda")
        self.learnt = learnt
        self.state = [p for p in network.parameters() if p.is_floating_point()]
        self.average = [p.detach().clone() for p in self.state]

    def step(self, rate: float, decay: float) -> torch.Tensor:
        """Learn from one batch and return its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        chosen = torch.multinomial(self.weights, self.recipe.batch, replacement=True, generator=self.random)
        photos = self.packed.photos[self.places[chosen]]
        seen = views(photos, self.recipe.size, self.amount, self.random, self.host)
        smoothing = self.recipe.loss_options.get("label_smoothing", 0.0)
        targets = torch.nn.functional.one_hot(self.labels[chosen], len(CODES)).float()
        targets = targets * (1 - smoothing) + smoothing / len(CODES)
        if self.recipe.mixup:
            share = float(self.host.beta(self.recipe.mixup, self.recipe.mixup))
            seen, targets = seen * share + seen.flip(0) * (1 - share), targets * share + targets.flip(0) * (1 - share)
        if self.teachers:
            with torch.no_grad():
                logits = sum(teacher(seen).float() for teacher in self.teachers) / len(self.teachers)
            targets = self.recipe.distil * softmax(logits, 1) + (1 - self.recipe.distil) * targets
        loss = cross_entropy(self.network(seen, training=True).float(), targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.learnt, 2.0)
        self.optimizer.step()
        torch._foreach_lerp_(self.average, [p.detach() for p in self.state], 1 - decay)
        return loss.detach()

    def serve_average(self) -> None:
        """Put the averaged weights into the network."""
        for parameter, value in zip(self.state, self.average, strict=True):
            parameter.data.copy_(value)


def rate_at(recipe: Recipe, progress: float) -> float:
    """Return the learning rate after a share of all steps: a linear start, then half a cosine to zero."""
    if progress < recipe.warmup:
        return recipe.rate * (progress / recipe.warmup + 1e-3)
    return recipe.rate * 0.5 * (1 + np.cos(np.pi * (progress - recipe.warmup) / (1 - recipe.warmup)))


def fit(trainer: Trainer, seconds: float) -> pd.DataFrame:
    """Train for about so many seconds and leave the averaged weights; return the log, a row for every 50 steps.

    The number of steps is fixed as soon as the machine's speed is known.
    """
    recipe, started, total, clock = trainer.recipe, time.perf_counter(), 0, 0.0
    rows: list[dict[str, float]] = []
    losses: list[torch.Tensor] = []
    step = 0
    while not total or step < total:
        if step == WARM_STEPS:
            _wait()
            clock = time.perf_counter()
        if step == TIMED_STEPS:
            _wait()
            pace = (time.perf_counter() - clock) / (TIMED_STEPS - WARM_STEPS)
            total = max(step + 1, step + int((seconds - (time.perf_counter() - started)) / pace))
            print(f"{recipe.name}: {recipe.batch / pace:,.0f} images a second, {total:,} steps", flush=True)
        progress = step / total if total else 0.5 * recipe.warmup * step / TIMED_STEPS
        decay = 1 - 1 / max(AVERAGED * (total or 1000), 1)
        losses.append(trainer.step(rate_at(recipe, progress), min(decay, (1 + step) / (10 + step))))
        step += 1
        if step % 50 == 0 or step == total:
            row = {"step": step, "loss": float(torch.stack(losses).mean()), "seconds": time.perf_counter() - started}
            rows, losses = [*rows, row], []
            if step % 500 == 0:
                print(f"{recipe.name}: step {step}, loss {row['loss']:.4f}, {row['seconds']:.0f} s", flush=True)
    trainer.serve_average()
    return pd.DataFrame(rows)


def _wait() -> None:
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def validation_logits(network: keras.Model, packed: Packed, size: int) -> np.ndarray:
    """Return logits of the validation images' plain views, shape (n, classes)."""
    logits = []
    with torch.no_grad(), torch.backends.cudnn.flags(benchmark=False):  # two sizes of batch, each used a few times
        for places in np.array_split(packed.part(VALIDATION), max(1, len(packed.part(VALIDATION)) // 128)):
            photos = packed.photos[torch.from_numpy(places).to(DEVICE)].permute(0, 3, 1, 2).float()
            seen = interpolate(photos, (size, size), mode="bicubic", antialias=True).clamp(0, 255)
            logits.append(network(seen.permute(0, 2, 3, 1).contiguous(), training=False).float().cpu().numpy())
    return np.concatenate(logits)


def traced(network: keras.Model, batch: int, size: int):
    """Return the network as a graph of PyTorch's own: a teacher is asked at every step, and Keras' calls are slow."""
    example = torch.zeros((batch, size, size, 3), device=DEVICE)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    torch.jit.set_fusion_strategy([("STATIC", 0)])  # compiling takes longer than it saves within minutes
    with torch.no_grad():
        return torch.jit.trace(lambda photos: network(photos, training=False), example, check_trace=False)


def train(recipe: Recipe, seconds: float, packed: Packed, folder: Path, out: Path, teachers: list) -> keras.Model:
    """Train one recipe, write what comes out of it, and return the network."""
    network = start_network(recipe, folder, out)
    log = fit(Trainer(recipe, network, packed, teachers), seconds)
    np.savez(out / f"{recipe.name}.npz", **halved(network.get_weights()))
    log.to_csv(out / f"{recipe.name}.csv", index=False)
    logits = validation_logits(network, packed, recipe.size)
    places = packed.part(VALIDATION)
    print(recipe.name, *judged(logits, packed.labels[places], packed.rows.iloc[places]), sep="\n  ", flush=True)
    return network


def judged(logits: np.ndarray, labels: np.ndarray, rows: pd.DataFrame) -> list[str]:
    """Return a line a set: log loss, accuracy, balanced accuracy and melanoma AUC on validation."""
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score

    shares, lines = softmax(torch.from_numpy(logits), 1).numpy(), []
    for name in rows.dataset.unique():
        mine = (rows.dataset == name).to_numpy()
        truth, answer = labels[mine], shares[mine]
        loss = float(cross_entropy(log_softmax(torch.from_numpy(logits[mine]), 1), torch.from_numpy(truth)))
        balanced = balanced_accuracy_score(truth, answer.argmax(1))
        melanoma = CODES.index("mel")
        area = roc_auc_score(truth == melanoma, answer[:, melanoma]) if 0 < (truth == melanoma).mean() < 1 else np.nan
        lines.append(f"{name} (n {mine.sum()}): log loss {loss:.4f}, accuracy {(answer.argmax(1) == truth).mean():.4f},"
                     f" balanced {balanced:.4f}, melanoma AUC {area:.4f}")  # fmt: skip
    return lines


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plan", nargs="+", metavar="RECIPE:SECONDS")
    parser.add_argument("--packed", type=Path, default=Path("runs/packed"))
    parser.add_argument("--out", type=Path, default=Path("runs/trained"))
    parser.add_argument(
        "--set", nargs="*", action="extend", default=[], metavar="NAME=VALUE", help="change options of every recipe"
    )
    options = parser.parse_args(arguments)
    plan = read_plan(options.plan, options.set)
    options.out.mkdir(parents=True, exist_ok=True)
    use_fused_kernels()
    if DEVICE == "cuda":
        torch.backends.cudnn.benchmark = True
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    started = time.perf_counter()
    packed = read_packed(options.packed)
    print(f"{len(packed.rows):,} images on {DEVICE} after {time.perf_counter() - started:.0f} s", flush=True)
    done: dict[str, keras.Model] = {}
    for step in plan:
        recipe = step.recipe
        teachers = [traced(done[teacher], recipe.batch, recipe.size) for teacher in recipe.teachers]
        done[recipe.name] = train(recipe, step.seconds, packed, options.packed, options.out, teachers)
        record = {"recipe": dataclasses.asdict(recipe), "seconds": step.seconds,
                  "device": torch.cuda.get_device_name() if DEVICE == "cuda" else "CPU"}  # fmt: skip
        (options.out / f"{recipe.name}.json").write_text(
            json.dumps(record | {"train_sizes": train_sizes(packed)}) + "\n"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
