"""Vectors made to order, with labels: each function returns the same vectors, shape (n, d), and labels every time."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

NOISE = -1


def blobs() -> tuple[NDArray, NDArray]:
    """20,000 points in 64 dimensions: 100 round classes, the largest some 50 times the smallest, of different width."""
    rng = default_rng(1)
    labels = _labels(_uneven_sizes(rng, 20_000, 100, smallest=20))
    centres = rng.normal(0, 0.75, (100, 64))
    widths = rng.uniform(0.7, 1.3, 100)
    return _shuffled(rng, centres[labels] + widths[labels, None] * rng.normal(size=(20_000, 64)), labels)


def pancakes() -> tuple[NDArray, NDArray]:
    """6,000 points in 256 dimensions: 40 classes, each wide in five directions of its own and thin in all others."""
    rng = default_rng(2)
    labels = _labels(_uneven_sizes(rng, 6_000, 40, smallest=20))
    points = rng.normal(0, 0.5, (6_000, 256)) + rng.normal(0, 0.12, (40, 256))[labels]
    for label in range(40):
        members = labels == label
        directions = np.linalg.qr(rng.normal(size=(256, 5)))[0]
        points[members] += rng.normal(0, rng.uniform(1, 6, 5), (members.sum(), 5)) @ directions.T
    return _shuffled(rng, points, labels)


def faces() -> tuple[NDArray, NDArray]:
    """Unit vectors in 512 dimensions: 800 people, 3 to 14 pictures of each, some 6,700 in all."""
    rng = default_rng(3)
    return _people(rng, rng.integers(3, 15, 800), num_dimensions=512, num_traits=40)


def voices() -> tuple[NDArray, NDArray]:
    """Unit vectors in 192 dimensions: 250 people, 3 to 300 recordings of each, few of most."""
    rng = default_rng(4)
    sizes = np.minimum(300, 3 * (1 + rng.pareto(0.9, 250))).astype(int)
    return _people(rng, sizes, num_dimensions=192, num_traits=24)


def noisy_plane() -> tuple[NDArray, NDArray]:
    """4,000 points of the plane: 15 ellipses of different density, and a fifth of the points anywhere."""
    rng = default_rng(5)
    labels = _labels(_uneven_sizes(rng, 3_200, 15, smallest=40))
    centres = rng.permutation(np.stack(np.meshgrid(np.arange(4), np.arange(4)), axis=-1).reshape(-1, 2))[:15]
    shapes = rng.normal(0, 0.13, (15, 2, 2))
    points = centres[labels] + np.einsum("nij,nj->ni", shapes[labels], rng.normal(size=(3_200, 2)))
    return _shuffled(rng, *_with_noise(rng, points, labels, 800))


def noisy_space() -> tuple[NDArray, NDArray]:
    """8,000 points in 16 dimensions: 30 classes with heavy tails, and a fifth of the points anywhere."""
    rng = default_rng(6)
    labels = _labels(_uneven_sizes(rng, 6_400, 30, smallest=30))
    points = rng.uniform(-3, 3, (30, 16))[labels] + 0.8 * rng.standard_t(4, (6_400, 16))
    return _shuffled(rng, *_with_noise(rng, points, labels, 1_600))


def _people(rng: Generator, sizes: NDArray, num_dimensions: int, num_traits: int) -> tuple[NDArray, NDArray]:
    """Unit vectors around people, who resemble each other in some traits; pictures of some differ, of others less."""
    labels = _labels(sizes)
    people = rng.normal(size=(len(sizes), num_traits)) @ rng.normal(size=(num_traits, num_dimensions))
    people /= np.linalg.norm(people, axis=1, keepdims=True)
    change = rng.uniform(0.8, 1.8, len(sizes))
    noise = rng.normal(0, num_dimensions**-0.5, (len(labels), num_dimensions))
    vectors = people[labels] + change[labels, None] * noise
    return _shuffled(rng, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), labels)


def _uneven_sizes(rng: Generator, total: int, num_classes: int, smallest: int) -> NDArray:
    """Sizes of classes that add up to `total`, distributed log-normally above the smallest."""
    shares = rng.lognormal(0, 1, num_classes)
    sizes = smallest + (shares / shares.sum() * (total - smallest * num_classes)).astype(int)
    sizes[0] += total - sizes.sum()
    return sizes


def _labels(sizes: NDArray) -> NDArray:
    return np.repeat(np.arange(len(sizes)), sizes)


def _with_noise(rng: Generator, points: NDArray, labels: NDArray, num_noise: int) -> tuple[NDArray, NDArray]:
    """The points and others spread evenly over the box around them."""
    noise = rng.uniform(points.min(axis=0), points.max(axis=0), (num_noise, points.shape[1]))
    return np.concatenate([points, noise]), np.append(labels, np.full(num_noise, NOISE))


def _shuffled(rng: Generator, vectors: NDArray, labels: NDArray) -> tuple[NDArray, NDArray]:
    """In random order: nobody profits from classes that come one after the other."""
    order = rng.permutation(len(labels))
    return vectors[order], labels[order]
