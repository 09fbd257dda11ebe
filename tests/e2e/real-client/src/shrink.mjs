// The shortest stream that still shows something: blocks are left out as long as it shows.

export const blocksOf = body => body.toString('latin1').split(/(?<=\n\n|\r\n\r\n)/).filter(block => block.trim() !== '');
export const bodyOf = blocks => Buffer.from(blocks.join(''), 'latin1');

// `shows(body)` answers a promise; at most `tries` of them are asked for.
export async function shrink(body, shows, tries = 120) {
  let blocks = blocksOf(body);
  for (let size = Math.ceil(blocks.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < blocks.length && tries > 0;) {
      const fewer = [...blocks.slice(0, from), ...blocks.slice(from + size)];
      tries--;
      if (fewer.length < blocks.length && await shows(bodyOf(fewer))) blocks = fewer;
      else from += size;
    }
  }
  return bodyOf(blocks);
}
