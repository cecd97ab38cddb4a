// Connected areas of a mask, as enrollment/areas.py finds them: pixels that touch by their sides, kept as
// horizontal runs.

// isSet(i) tells of a pixel in reading order. Gives runs {row, from, to, area} and the size of each area.
export function areasOf(width, height, isSet) {
  const runs = [];
  const parents = [];
  const rootOf = (index) => {
    while (parents[index] !== index) index = parents[index] = parents[parents[index]];
    return index;
  };
  let above = 0;
  for (let row = 0; row < height; row += 1) {
    const first = runs.length;
    for (let x = 0, i = row * width; x < width; x += 1, i += 1) {
      if (!isSet(i)) continue;
      const from = x;
      while (x < width && isSet(row * width + x)) x += 1;
      i = row * width + x;
      parents.push(runs.length);
      runs.push({ row, from, to: x });
    }
    for (let i = first; i < runs.length; i += 1) {
      while (above < first && runs[above].to <= runs[i].from) above += 1;
      for (let j = above; j < first && runs[j].from < runs[i].to; j += 1) parents[rootOf(i)] = rootOf(j);
    }
    above = first;
  }
  const sizes = new Map();
  runs.forEach((run, index) => {
    run.area = rootOf(index);
    sizes.set(run.area, (sizes.get(run.area) ?? 0) + run.to - run.from);
  });
  return { runs, sizes };
}
