/** The whole page: no file, font or script from anywhere else. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>DockerCoins</title>
<style>
  :root { color-scheme: light dark; --line: #0b7fab; --grid: #8884; }
  body { font: 16px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 56rem; padding: 0 1rem; }
  #speed { font-size: 3rem; font-weight: 600; font-variant-numeric: tabular-nums; }
  #state { color: #b3261e; min-height: 1.4em; }
  canvas { width: 100%; height: 18rem; display: block; }
  p { margin: .25rem 0; }
</style>
<script type="module">
const WINDOW_S = 60, POLL_MS = 1000, SMOOTH_S = 4;
const samples = [];
const $ = (id) => document.getElementById(id);

function add(sample) {
  const last = samples.at(-1);
  if (last && sample.now <= last.now) return;
  if (last && sample.hashes < last.hashes) samples.length = 0; // the counter began anew
  samples.push(sample);
  while (samples.length > 2 && samples[0].now < sample.now - 2 * WINDOW_S) samples.shift();
}

// Hashes per second over the last few seconds before sample i.
function speedAt(i) {
  let j = i;
  while (j > 0 && samples[i].now - samples[j].now < SMOOTH_S) j--;
  return i === j ? undefined : (samples[i].hashes - samples[j].hashes) / (samples[i].now - samples[j].now);
}

async function poll() {
  try {
    const response = await fetch("json", { signal: AbortSignal.timeout(3000) });
    if (!response.ok) throw new Error(await response.text());
    const sample = await response.json();
    add(sample);
    const speed = speedAt(samples.length - 1);
    if (speed !== undefined) $("speed").textContent = speed.toFixed(1);
    $("hashes").textContent = sample.hashes;
    $("coins").textContent = sample.coins;
    $("state").textContent = "";
  } catch (error) {
    $("state").textContent = "no answer: " + error.message;
  }
  setTimeout(poll, POLL_MS);
}

function draw() {
  const canvas = $("graph"), ratio = devicePixelRatio, { clientWidth: w, clientHeight: h } = canvas;
  if (canvas.width !== w * ratio || canvas.height !== h * ratio) Object.assign(canvas, { width: w * ratio, height: h * ratio });
  const g = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, w, h);
  const points = samples.map((s, i) => ({ t: s.now, v: speedAt(i) })).filter((p) => p.v !== undefined);
  const top = Math.max(5, ...points.map((p) => p.v)) * 1.2;
  const step = 10 ** Math.floor(Math.log10(top / 2)), left = 44, bottom = 22;
  const now = Date.now() / 1000 - (draw.lag ??= samples.length ? Date.now() / 1000 - samples.at(-1).now : undefined) || 0;
  const x = (t) => left + (w - left) * (1 - (now - t) / WINDOW_S), y = (v) => (h - bottom) * (1 - v / top);
  g.strokeStyle = style.getPropertyValue("--grid"); g.fillStyle = style.color; g.lineWidth = 1; g.font = "12px system-ui";
  for (let v = 0; v <= top; v += top / step > 6 ? step * 2 : step) {
    g.beginPath(); g.moveTo(left, y(v)); g.lineTo(w, y(v)); g.stroke();
    g.fillText(String(+v.toPrecision(3)), 4, y(v) + 4);
  }
  for (let t = Math.ceil((now - WINDOW_S) / 10) * 10; t <= now; t += 10) {
    g.beginPath(); g.moveTo(x(t), 0); g.lineTo(x(t), h - bottom); g.stroke();
    g.fillText(new Date(t * 1000).toLocaleTimeString(), x(t) - 24, h - 6);
  }
  g.save(); g.beginPath(); g.rect(left, 0, w - left, h - bottom); g.clip();
  g.strokeStyle = style.getPropertyValue("--line"); g.lineWidth = 2; g.beginPath();
  points.forEach((p, i) => (i ? g.lineTo(x(p.t), y(p.v)) : g.moveTo(x(p.t), y(p.v))));
  g.stroke(); g.restore();
  requestAnimationFrame(draw);
}

try { for (const sample of await (await fetch("history")).json()) add(sample); } catch {}
poll();
draw();
</script>
</head>
<body>
<p><span id="speed">–</span> hashes per second</p>
<canvas id="graph" role="img" aria-label="Hashes per second over the last minute"></canvas>
<p>DockerCoins has counted <b id="hashes">–</b> hashes and found <b id="coins">–</b> coins</p>
<p id="state" role="status"></p>
</body>
</html>
`;
