// Placing discs in the plane: near to those that they exchange flow with, without overlaps ----------
//
// Stress majorisation reproduces the lengths of paths (Gansner, Koren & North 2005), and overlapping discs then push
// each other apart, as in Python's pictures. Nothing is random. It takes some ten milliseconds for a hundred discs.

const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/**
 * Place discs of these radii, given flows between them by number; return x, y and radii in a disc of radius 1. The gap
 * is the distance between two that exchange flow only with each other, in mean radii.
 */
function placeDiscs(radii, flows, gap) {
  const n = radii.length;
  const unit = gap * Math.sqrt(sumOf(radii, (r) => r * r) / Math.max(n, 1));
  const lengths = linkLengths(radii, flows, unit);
  const distances = pathLengths(n, lengths, unit);
  const { x, y } = firstPlaces(n, distances);
  relax(x, y, distances);
  keepApart(x, y, radii, unit);
  return intoDisc(x, y, radii);
}

/** Return neighbours with lengths for each disc: the larger the share of their flow, the shorter. */
function linkLengths(radii, flows, unit) {
  const leaving = new Float64Array(radii.length);
  for (const { source, target, flow: amount } of flows) {
    leaving[source] += amount;
    leaving[target] += amount;
  }
  const neighbours = radii.map(() => []);
  for (const { source, target, flow: amount } of flows) {
    const share = Math.min(Math.max(amount / Math.min(leaving[source], leaving[target]), 1e-4), 1);
    const length = radii[source] + radii[target] + unit / Math.sqrt(share);
    neighbours[source].push([target, length]);
    neighbours[target].push([source, length]);
  }
  return neighbours;
}

/** Return the lengths of shortest paths between all discs, row by row (Dijkstra); parts without a path are apart. */
function pathLengths(n, neighbours, unit) {
  const distances = new Float64Array(n * n).fill(Infinity);
  const isDone = new Uint8Array(n);
  let longest = 0;
  for (let start = 0; start < n; start += 1) {
    const row = distances.subarray(start * n, (start + 1) * n);
    row[start] = 0;
    isDone.fill(0);
    for (;;) {
      let next = -1;
      let least = Infinity;
      for (let i = 0; i < n; i += 1) if (row[i] < least && !isDone[i]) [next, least] = [i, row[i]];
      if (next < 0) break;
      isDone[next] = 1;
      longest = Math.max(longest, row[next]);
      for (const [j, length] of neighbours[next]) row[j] = Math.min(row[j], row[next] + length);
    }
  }
  const apart = 0.55 * longest + 2 * unit;
  return distances.map((distance) => (distance === Infinity ? apart : distance));
}

/** Scale distances classically; add a sunflower pattern to separate discs with equal distances. */
function firstPlaces(n, distances) {
  const squares = distances.map((distance) => distance * distance);
  const means = new Float64Array(n);
  for (let k = 0; k < n * n; k += 1) means[Math.floor(k / n)] += squares[k] / n;
  const mean = sumOf(means, (value) => value) / Math.max(n, 1);
  const inner = squares.map((square, k) => (means[Math.floor(k / n)] + means[k % n] - square - mean) / 2);
  const [x, y] = mainAxes(n, inner);
  const spread = Math.max(...x.map(Math.abs), 0);
  x.forEach((_, i) => {
    const ring = 0.2 * Math.sqrt((i + 0.5) / n) * (spread || 1);
    x[i] += ring * Math.cos(GOLDEN_ANGLE * i);
    y[i] += ring * Math.sin(GOLDEN_ANGLE * i);
  });
  return { x, y };
}

/** Return the coordinates along the two main axes of a symmetric matrix, by repeated multiplication. */
function mainAxes(n, matrix) {
  const axes = [];
  for (let k = 0; k < 2; k += 1) {
    let axis = Float64Array.from({ length: n }, (_, i) => Math.cos(GOLDEN_ANGLE * (i + 1) * (k + 1)));
    let length = 0;
    for (let turn = 0; turn < 30; turn += 1) {
      for (const { axis: other } of axes) {
        let along = 0;
        for (let i = 0; i < n; i += 1) along += axis[i] * other[i];
        for (let i = 0; i < n; i += 1) axis[i] -= along * other[i];
      }
      const size = Math.hypot(...axis) || 1;
      axis = axis.map((value) => value / size);
      const image = axis.map((_, i) => {
        let sum = 0;
        for (let j = 0; j < n; j += 1) sum += matrix[i * n + j] * axis[j];
        return sum;
      });
      length = Math.hypot(...image);
      if (turn < 29) axis = image;
    }
    axes.push({ axis, scale: Math.sqrt(length) });
  }
  return axes.map(({ axis, scale }) => axis.map((value) => value * scale));
}

/** Move each disc in turn to the optimum for its distances to all others. */
function relax(x, y, distances, rounds = 30) {
  const n = x.length;
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < n; i += 1) {
      let [sumX, sumY, total] = [0, 0, 0];
      for (let j = 0; j < n; j += 1) {
        const target = distances[i * n + j];
        if (j === i || target === 0) continue;
        const weight = 1 / (target * target);
        const [dx, dy] = [x[i] - x[j], y[i] - y[j]];
        const stretch = target / (Math.sqrt(dx * dx + dy * dy) + 1e-12);
        sumX += weight * (x[j] + dx * stretch);
        sumY += weight * (y[j] + dy * stretch);
        total += weight;
      }
      if (total > 0) [x[i], y[i]] = [sumX / total, sumY / total];
    }
  }
}

/** Push overlapping discs apart, the smaller one further; draw all towards the middle, but in the last rounds. */
function keepApart(x, y, radii, unit, rounds = 120) {
  const n = radii.length;
  const margin = 0.15 * unit;
  for (let round = 0; round < rounds; round += 1) {
    const pull = round < 0.7 * rounds ? 0.99 : 1;
    let isMoved = false;
    for (let i = 0; i < n; i += 1) {
      x[i] *= pull;
      y[i] *= pull;
    }
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j < i; j += 1) {
        const least = radii[i] + radii[j] + 2 * margin;
        let [dx, dy] = [x[i] - x[j], y[i] - y[j]];
        if (dx * dx + dy * dy >= least * least * (1 - 1e-6)) continue;
        let distance = Math.sqrt(dx * dx + dy * dy);
        if (distance < 1e-9 * least) [dx, dy, distance] = [Math.cos(GOLDEN_ANGLE * (i + n * j)), 1, 1];
        const push = (least - distance) / distance;
        const share = (radii[j] * radii[j]) / (radii[i] * radii[i] + radii[j] * radii[j]);
        x[i] += dx * push * share;
        y[i] += dy * push * share;
        x[j] -= dx * push * (1 - share);
        y[j] -= dy * push * (1 - share);
        isMoved = true;
      }
    }
    if (!isMoved && pull === 1) break;
  }
}

/** Move and scale discs so that they just fill a disc of radius 0.95: its middle walks towards the furthest of them. */
function intoDisc(x, y, radii) {
  let [middleX, middleY, reach] = [0, 0, 0];
  for (let step = 1; step <= 300; step += 1) {
    let furthest = 0;
    reach = 0;
    radii.forEach((r, i) => {
      const far = Math.hypot(x[i] - middleX, y[i] - middleY) + r;
      if (far > reach) [reach, furthest] = [far, i];
    });
    middleX += (x[furthest] - middleX) / (step + 1);
    middleY += (y[furthest] - middleY) / (step + 1);
  }
  reach = Math.max(...radii.map((r, i) => Math.hypot(x[i] - middleX, y[i] - middleY) + r));
  const scale = 0.95 / reach;
  return radii.map((r, i) => ({ x: (x[i] - middleX) * scale, y: (y[i] - middleY) * scale, r: r * scale }));
}
