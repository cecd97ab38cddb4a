// How much is covered and how much detail is left, by the service's rules and on its 64x64 grid:
// enrollment/arc.py, matching/engine/grid.py and sketch.py. The service measures again and has the last word.

import { areasOf } from "./areas.js";
import {
  CEILING, CLEAR_STEP, DETAIL_NEEDED, FLOOR, GRID, POOLS, SOLID, SPECK_PIXELS, SPECK_SHARE,
} from "./rules.js";

const SIDE = GRID / POOLS;
const MARGIN = 0.12;

// The first cell that pixel number i of so many lies in, and its share of that cell and of the next one.
function cellOf(i, length) {
  const cell = Math.floor((i * GRID) / length);
  const inside = Math.min(((cell + 1) * length) / GRID - i, 1);
  return [cell, (inside * GRID) / length, ((1 - inside) * GRID) / length];
}

// Mean Rec. 601 luma of the 16x16 pools; each is four cells of the grid a side. No side is under 64 pixels.
function poolsOf({ data, width, height }) {
  const columns = Array.from({ length: width }, (_, x) => cellOf(x, width));
  const first = Uint8Array.from(columns, ([cell]) => cell);
  const [here, next] = [1, 2].map((place) => Float64Array.from(columns, (column) => column[place]));
  const grid = new Float64Array((GRID + 1) * GRID);
  for (let y = 0, p = 0; y < height; y += 1) {
    const cells = new Float64Array(GRID + 1);
    for (let x = 0; x < width; x += 1, p += 4) {
      const luma = (data[p] * 19595 + data[p + 1] * 38470 + data[p + 2] * 7471 + 32768) >> 16;
      cells[first[x]] += here[x] * luma;
      cells[first[x] + 1] += next[x] * luma;
    }
    const [row, ...shares] = cellOf(y, height);
    shares.forEach((share, below) => {
      for (let x = 0; x < GRID; x += 1) grid[(row + below) * GRID + x] += share * cells[x];
    });
  }
  const pools = new Float64Array(POOLS * POOLS);
  for (let i = 0; i < GRID * GRID; i += 1) {
    pools[poolOf(Math.floor(i / GRID), i % GRID)] += grid[i] / SIDE ** 2;
  }
  return pools;
}

function poolOf(row, column) {
  return Math.floor(row / SIDE) * POOLS + Math.floor(column / SIDE);
}

// The first and the last cell that pixels from and up to to lie in, and the neighbours, which count as covered.
function reached(from, to, length) {
  return [
    Math.max(Math.floor((from * GRID) / length) - 1, 0),
    Math.min(Math.ceil((to * GRID) / length), GRID - 1),
  ];
}

function hiddenPools(runs, width, height) {
  const hidden = new Uint8Array(POOLS * POOLS);
  for (const { row, from, to } of runs) {
    const [top, bottom] = reached(row, row + 1, height);
    const [left, right] = reached(from, to, width);
    for (let y = top; y <= bottom; y += 1) {
      for (let x = left; x <= right; x += 1) hidden[poolOf(y, x)] = 1;
    }
  }
  return hidden;
}

function detailOf(pools, hidden) {
  let clear = 0;
  const count = (one, other) => {
    clear += !hidden[one] && !hidden[other] && Math.abs(pools[one] - pools[other]) >= CLEAR_STEP;
  };
  for (let i = 0; i < pools.length; i += 1) {
    if ((i + 1) % POOLS) count(i, i + 1);
    if (i + POOLS < pools.length) count(i, i + POOLS);
  }
  return clear;
}

// Something pink in the photo itself counts only when it is as solid as paint (see_through.py).
function isSolid(area, { runs, sizes }, isSet, width, height) {
  let inner = 0;
  for (const run of runs) {
    if (run.area !== area) continue;
    for (let x = run.from; x < run.to; x += 1) inner += isInside(x, run.row, isSet, width, height);
  }
  return inner / sizes.get(area) >= SOLID;
}

function isInside(x, y, isSet, width, height) {
  for (let row = Math.max(y - 1, 0); row <= Math.min(y + 1, height - 1); row += 1) {
    for (let column = Math.max(x - 1, 0); column <= Math.min(x + 1, width - 1); column += 1) {
      if (!isSet(row * width + column)) return 0;
    }
  }
  return 1;
}

function coverRuns({ cover, near, width, height }) {
  const isSet = near ? (i) => cover[i] || near[i] : (i) => cover[i];
  const areas = areasOf(width, height, isSet);
  const least = Math.max(SPECK_PIXELS, SPECK_SHARE * width * height);
  const painted = new Set();
  for (const { row, from, to, area } of near ? areas.runs : []) {
    if (cover.subarray(row * width + from, row * width + to).includes(1)) painted.add(area);
  }
  const kept = new Set();
  for (const [area, size] of areas.sizes) {
    const trusted = !near || painted.has(area);
    if (size >= least && (trusted || isSolid(area, areas, isSet, width, height))) kept.add(area);
  }
  return areas.runs.filter(({ area }) => kept.has(area));
}

// A frame, or two bars at opposite edges, with nothing inside.
function onlyABorder(runs, width, height) {
  const [top, left] = [Math.round(height * MARGIN), Math.round(width * MARGIN)];
  const inside = ({ row, from, to }) =>
    row >= top && row < height - top && to > left && from < width - left;
  if (!runs.length || runs.some(inside)) return false;
  const edges = [0, 0, 0, 0];
  for (const { row, from, to } of runs) {
    if (row === 0) edges[0] += (to - from) / width;
    if (row === height - 1) edges[1] += (to - from) / width;
    if (from === 0) edges[2] += 1 / height;
    if (to === width) edges[3] += 1 / height;
  }
  return Math.min(edges[0], edges[1]) > 0.9 || Math.min(edges[2], edges[3]) > 0.9;
}

// Of an awake picture: coverage 0 to 1, detail 0 to 480, and the name of what is wrong, if anything.
export function measure(picture) {
  const { width, height } = picture;
  const runs = coverRuns(picture);
  const coverage = runs.reduce((sum, { from, to }) => sum + to - from, 0) / (width * height);
  picture.pools ??= poolsOf(picture.opened);
  const detail = detailOf(picture.pools, hiddenPools(runs, width, height));
  return { coverage, detail, fault: faultOf(coverage, detail, onlyABorder(runs, width, height)) };
}

function faultOf(coverage, detail, border) {
  if (coverage < FLOOR) return "too-little";
  if (coverage > CEILING) return "too-much";
  if (border) return "border-only";
  return detail < DETAIL_NEEDED ? "too-little-detail" : null;
}
