// What `tapedeck simulate --journal` has written.
import fs from 'node:fs';

export const readJournal = file => fs.readFileSync(file, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line));

// What each stream was sent, in the order of opening.
export const streamsOf = journal => journal.filter(entry => entry.what === 'open').map(({ stream, ...opened }) => {
  const entries = journal.filter(entry => entry.stream === stream);
  const frames = entries.filter(entry => entry.what === 'frame');
  return { ...opened, frames, body: frames.map(frame => frame.raw).join(''), closed: entries.find(entry => entry.what === 'close')?.by };
});
