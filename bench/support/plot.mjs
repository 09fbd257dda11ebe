// The results as one SVG: a bar for each ratio with its bound as a mark, a panel for each curve.
import { time } from './tables.mjs';

const escape = text => text.replace(/[&<>]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);
const text = (x, y, content, more = '') => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escape(content)}</text>`;
const colour = met => met === undefined ? '#7a8699' : met ? '#2e7d4f' : '#b3392f';

/** Ratios lie on a logarithmic axis: a peer may be a hundred times slower. */
function bars(ratios, top) {
  const [left, width, step] = [330, 420, 22];
  const most = Math.max(2, ...ratios.map(r => r.ratio));
  const least = Math.min(0.2, ...ratios.map(r => r.ratio));
  const x = ratio => left + width * Math.log(ratio / least) / Math.log(most / least);
  const rows = ratios.map((r, i) => {
    const y = top + i * step;
    const bound = r.at_least ?? r.at_most;
    return text(left - 8, y + 13, r.stage, 'text-anchor="end"')
      + `<rect x="${left}" y="${y + 2}" width="${Math.max(1, x(r.ratio) - left).toFixed(1)}" height="15" fill="${colour(r.met)}"/>`
      + (bound === undefined ? '' : `<line x1="${x(bound).toFixed(1)}" x2="${x(bound).toFixed(1)}" y1="${y}" y2="${y + 19}" stroke="#000" stroke-width="2"/>`)
      + text(x(r.ratio) + 6, y + 14, `${r.ratio.toPrecision(3)} of ${r.limit}`);
  });
  const height = ratios.length * step;
  const one = `<line x1="${x(1).toFixed(1)}" x2="${x(1).toFixed(1)}" y1="${top - 4}" y2="${top + height}" stroke="#888" stroke-dasharray="3 3"/>`;
  return { svg: one + rows.join('\n'), height };
}

function panel(curve, left, top) {
  const [width, height] = [260, 150];
  const span = values => [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  const [n0, n1] = span(curve.points.map(p => p.n));
  const [s0, s1] = span(curve.points.map(p => p.seconds));
  const x = n => left + 10 + (width - 20) * (Math.log(n) - n0) / (n1 - n0 || 1);
  const y = s => top + height - 30 - (height - 60) * (Math.log(s) - s0) / (s1 - s0 || 1);
  const line = curve.points.map(p => `${x(p.n).toFixed(1)},${y(p.seconds).toFixed(1)}`).join(' ');
  const last = curve.points.at(-1);
  return `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke="#ccc"/>`
    + text(left + 8, top + 16, curve.name)
    + `<polyline points="${line}" fill="none" stroke="${colour(curve.met)}" stroke-width="2"/>`
    + curve.points.map(p => `<circle cx="${x(p.n).toFixed(1)}" cy="${y(p.seconds).toFixed(1)}" r="3" fill="${colour(curve.met)}"/>`).join('')
    + text(left + 8, top + height - 8, `N = ${curve.points[0].n} to ${last.n}: ${time(curve.points[0].seconds)} to ${time(last.seconds)}`);
}

export function plot(ratios, curves) {
  const { svg, height } = bars(ratios, 40);
  const panels = curves.map((curve, i) => panel(curve, 20 + (i % 3) * 290, height + 80 + Math.floor(i / 3) * 170));
  const total = height + 80 + Math.ceil(curves.length / 3) * 170;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="960" height="${total}" viewBox="0 0 960 ${total}" font-family="sans-serif" font-size="12">
<rect width="960" height="${total}" fill="#fff"/>
${text(20, 22, 'Ratio to the limit or peer of the same run (logarithmic; the bound is a black mark, 1 is dashed)', 'font-weight="bold"')}
${svg}
${curves.length > 0 ? text(20, height + 66, 'Time over N (both logarithmic)', 'font-weight="bold"') : ''}
${panels.join('\n')}
</svg>
`;
}
