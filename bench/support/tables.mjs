// The results as tables for a terminal and for Markdown, which are the same.
import { growthSlack } from './ratios.mjs';

const rate = value => value >= 1e9 ? `${(value / 1e9).toFixed(2)} G` : value >= 1e6 ? `${(value / 1e6).toFixed(1)} M`
  : value >= 1e3 ? `${(value / 1e3).toFixed(1)} k` : `${value.toPrecision(3)} `;

const figure = (measure, value) => measure === 'bytes_per_second' ? `${rate(value)}B/s`
  : measure === 'items_per_second' ? `${rate(value)}/s` : `${value.toPrecision(3)} ${measure}`;

export const time = seconds => seconds >= 1 ? `${seconds.toPrecision(3)} s` : seconds >= 1e-3 ? `${(seconds * 1e3).toPrecision(3)} ms`
  : `${(seconds * 1e6).toPrecision(3)} us`;

function table(head, rows) {
  if (rows.length === 0) return '';
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.map(row => row[i].length)));
  const line = row => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(head), `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}

const bound = ({ at_least, at_most }) => at_least !== undefined ? `>= ${at_least}` : at_most !== undefined ? `<= ${at_most}` : '';
const verdict = ({ met }) => met === undefined ? '' : met ? 'met' : 'MISSED';

export const ratioTable = ratios => table(['stage', 'measured', 'limit or peer', 'its figure', 'ratio', 'bound', ''],
  ratios.map(r => [r.stage, figure(r.measure, r.own), r.limit, figure(r.measure, r.of_limit), r.ratio.toPrecision(3), bound(r), verdict(r)]));

export const curveTable = curves => table(['curve', 'time for N', 'worst step, of n log n', 'bound', ''],
  curves.map(c => [c.name, c.points.map(p => `${p.n}: ${time(p.seconds)}`).join(', '), c.growth.toFixed(2), `<= ${growthSlack}`, verdict(c)]));

export const figureTable = figures => table(['benchmark', 'rate or time'],
  Object.entries(figures).filter(([name]) => !name.startsWith('scale/')).map(([name, measures]) => {
    const key = ['bytes_per_second', 'items_per_second', 'seconds'].find(measure => measures[measure] !== undefined);
    const others = Object.keys(measures).filter(measure => !['bytes_per_second', 'items_per_second', 'seconds'].includes(measure));
    return [name, [key === 'seconds' ? time(measures[key]) : figure(key, measures[key]), ...others.map(other => figure(other, measures[other]))].join(', ')];
  }));
