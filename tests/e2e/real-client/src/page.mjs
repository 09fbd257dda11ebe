// For a real browser: joins the conference that the page's address names, with camera and microphone on, leaves when no
// signal has come for ?quiet=MS, or with ?stay=MS after so long, and posts to /done what it saw:
//   {"signals": [{"signal", "payload"}, ...], "errors": [...], "joined": ["alias", ...]}
// With ?follow=N the first N transfers are followed, as an app does: the conference is left and the next one joined
// with the one-time token.
import * as infinity from 'infinity-client';

const wish = new URLSearchParams(location.search);
const base = wish.get('base');
const seen = { signals: [], errors: [], joined: [] };
addEventListener('error', event => seen.errors.push(String(event.message)));
addEventListener('unhandledrejection', event => seen.errors.push(String(event.reason?.stack ?? event.reason)));

const quietMs = Number(wish.get('quiet') ?? 1500);
let quiet;
const untilQuiet = () => new Promise(resolve => {
  quiet = { resolve, timer: setTimeout(resolve, 10 * quietMs) };
  if (wish.has('stay')) setTimeout(resolve, Number(wish.get('stay')));
});
function emit(signal, payload) {
  const plain = JSON.parse(JSON.stringify({ signal, payload: payload ?? null }, (key, value) => (key === 'rawData' ? undefined : value)));
  seen.signals.push(plain);
  clearTimeout(quiet?.timer);
  if (quiet) quiet.timer = setTimeout(quiet.resolve, quietMs);
}

// What a browser's media makes up, which no stream causes.
const ofMedia = new Set(['onAnswer', 'onRemoteStream', 'onRemotePresentationStream', 'onPeerConnectionChange', 'onIceCandidate', 'onCallQuality',
  'onCallQualityStats', 'onRtcStats', 'onSecureCheckCode', 'onReconnecting', 'onReconnected', 'onTokenRefreshed']);

async function meet(alias, token, follow) {
  const signals = infinity.createInfinityClientSignals([], { batchScheduleTimeoutMS: 0, batchBufferSize: 1_000_000 });
  const callSignals = infinity.createCallSignals([]);
  let left = false;
  const transfer = new Promise(resolve => signals.onTransfer.add(resolve));
  for (const [name, signal] of [...Object.entries(signals), ...Object.entries(callSignals)]) {
    signal.add(payload => {
      if (/^on(Error|FailedRequest|CallDisconnected)/.test(name)) seen.errors.push(`${name} ${JSON.stringify(payload)}`);
      if (left || ofMedia.has(name)) return;
      if (Array.isArray(payload) && /^onParticipant(Joined|Updated|Left)$/.test(name)) payload.forEach(p => emit(name, p));
      else emit(name, payload);
    });
  }
  const client = infinity.createInfinityClient(signals, callSignals);
  const mediaStream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const over = untilQuiet();
  await client.call({
    host: base, node: new URL(base).host, conferenceAlias: alias, displayName: 'Browser', bandwidth: 1264, token,
    callType: infinity.ClientCallType.AudioVideo, mediaStream,
  });
  seen.joined.push(alias);
  const moved = await Promise.race([over, follow ? transfer : over]);
  left = true;
  await client.disconnect({ reason: moved ? 'Transfer' : 'User initiated disconnect' });
  return moved;
}

try {
  let follow = Number(wish.get('follow') ?? 0);
  let next = { alias: wish.get('conference') };
  do {
    next = await meet(next.alias, next.token, follow > 0);
  } while (next && follow-- > 0);
} catch (error) {
  seen.errors.push(String(error?.stack ?? error));
}
await fetch('/done', { method: 'POST', body: JSON.stringify(seen) });
