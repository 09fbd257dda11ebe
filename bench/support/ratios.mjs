// What the figures of a run come to: ratios with their bounds, curves, and what became worse.

/** A ratio may become this much worse than before without being called a regression. */
const tolerance = 0.15;
/** A step of a curve may cost this many times what n log n does: more than that is no cache any more. */
export const growthSlack = 2;

const matches = pattern => {
  const regex = new RegExp(`^${pattern.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`);
  return name => regex.test(name);
};

/**
 * The ratios that the areas declare, as far as there are figures. `notes` takes a sentence for each
 * that has none.
 */
export function ratios(areas, figures, { notes }) {
  const found = [];
  for (const { stage, subject, limit, of = 'fastest', measure = 'bytes_per_second', at_least, at_most, if_absent } of areas.flatMap(area => area.ratios ?? [])) {
    const own = figures[subject]?.[measure];
    const patterns = [limit].flat();
    const limits = Object.entries(figures)
      .filter(([name, measures]) => name !== subject && measures[measure] !== undefined && patterns.some(pattern => matches(pattern)(name)))
      .sort(([, a], [, b]) => (of === 'slowest' ? 1 : -1) * (a[measure] - b[measure]));
    if (own === undefined || limits.length === 0) {
      notes.push(`${stage}: left out, there is no figure for ${own === undefined ? subject : patterns.join(', ')}.${if_absent ? ` ${if_absent}` : ''}`);
      continue;
    }
    const [name, { [measure]: of_limit }] = limits[0];
    const ratio = own / of_limit;
    const bound = at_least !== undefined ? { at_least } : at_most !== undefined ? { at_most } : {};
    const met = at_least !== undefined ? ratio >= at_least : at_most !== undefined ? ratio <= at_most : undefined;
    found.push({ stage, subject, limit: name, measure, own, of_limit, ratio, ...bound, met });
  }
  return found;
}

/** Benchmarks named scale/WHAT/N as curves: the time over N, and by how much a step outgrows n log n. */
export function curves(figures) {
  const points = {};
  for (const [name, { seconds }] of Object.entries(figures)) {
    const [, what, n] = /^scale\/(.*)\/(\d+)$/.exec(name) ?? [];
    if (what) (points[what] ??= []).push({ n: Number(n), seconds });
  }
  return Object.entries(points).map(([name, all]) => {
    all.sort((a, b) => a.n - b.n);
    const cost = n => n * Math.log2(n + 1);
    const growth = Math.max(...all.slice(1).map(({ n, seconds }, i) => seconds / all[i].seconds / (cost(n) / cost(all[i].n))));
    return { name, points: all, growth, met: !(growth > growthSlack) };
  });
}

/** The ratios that are worse than before by more than the tolerance. */
export function regressions(before, now) {
  const old = new Map(before.map(ratio => [ratio.stage, ratio.ratio]));
  return now.flatMap(({ stage, ratio, at_most }) => {
    const was = old.get(stage);
    const isWorse = was !== undefined && (at_most === undefined ? ratio < was * (1 - tolerance) : ratio > was * (1 + tolerance));
    return isWorse ? [{ stage, before: was, now: ratio }] : [];
  });
}
