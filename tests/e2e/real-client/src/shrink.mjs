// The shortest stream that still shows something: blocks are left out as long as it shows, then members and items of
// the payloads that remain.

export const blocksOf = body => body.toString('latin1').split(/(?<=\n\n|\r\n\r\n)/).filter(block => block.trim() !== '');
export const bodyOf = blocks => Buffer.from(blocks.join(''), 'latin1');

// `shows(body)` answers a promise; at most `tries` of them are asked for.
export async function shrink(body, shows, tries = 240) {
  const stillShows = async blocks => tries-- > 0 && shows(bodyOf(blocks));
  let blocks = blocksOf(body);
  for (let size = Math.ceil(blocks.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < blocks.length && tries > 0;) {
      const fewer = [...blocks.slice(0, from), ...blocks.slice(from + size)];
      if (fewer.length < blocks.length && await stillShows(fewer)) blocks = fewer;
      else from += size;
    }
  }
  for (let i = 0; i < blocks.length; i++) {
    for (let part = 0; tries > 0;) {
      const smaller = withoutPart(blocks[i], part);
      if (smaller === undefined) break;
      if (await stillShows(blocks.with(i, smaller))) blocks[i] = smaller;
      else part++;
    }
  }
  return bodyOf(blocks);
}

// The block with the `part`-th member or item of its payload left out, counted from the outside in; undefined where
// there are not so many. A payload that is no JSON, or more than one line, stays as it is.
function withoutPart(block, part) {
  const lines = block.match(/^data:.*$/gm) ?? [];
  let payload;
  try { payload = JSON.parse(lines.length === 1 ? lines[0].slice(5) : ''); } catch { return undefined; }
  const level = [payload];
  for (const value of level) {
    if (value === null || typeof value !== 'object') continue;
    const keys = Object.keys(value);
    if (part < keys.length) {
      if (Array.isArray(value)) value.splice(part, 1);
      else delete value[keys[part]];
      return block.replace(lines[0], () => `data: ${JSON.stringify(payload)}`);
    }
    part -= keys.length;
    level.push(...Object.values(value));
  }
  return undefined;
}
