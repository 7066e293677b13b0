// Figures of the built page: sizes, warm reload, time of an iteration on each worker, memory.
// `node tests/page/bench.mjs [iterations]` after `trunk build`; 2000 iterations take minutes.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { browse, id, iteration, metric, open, serve, until } from './support.mjs';

const iterations = Number(process.argv[2] ?? 200);
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

const compressed = (file) => brotliCompressSync(readFileSync(dist + file), {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
}).length;
const groups = { 'page and CPU worker': 0, 'WebGPU worker': 0 };
for (const file of readdirSync(dist).filter((f) => /\.(js|wasm|css|html)$/.test(f))) {
  const size = compressed(file);
  groups[/gpu/.test(file) ? 'WebGPU worker' : 'page and CPU worker'] += size;
  console.log(`${file}: ${(size / 1e6).toFixed(3)} MB brotli`);
}
for (const [group, size] of Object.entries(groups)) console.log(`${group}: ${(size / 1e6).toFixed(3)} MB brotli`);

const site = await serve();

async function idle(page) {
  await until('the run', async () => /Ready|Paused|Finished/.test(await id(page, 'status').textContent()), 300);
}

{
  const context = await browse();
  const { page } = await open(context, `${site.url}#preset=25-to-9`);
  await idle(page);
  for (let round = 0; round < 3; round += 1) {
    const began = Date.now();
    await page.reload({ waitUntil: 'commit' });
    await page.waitForSelector('[data-testid=train]:not([disabled])');
    const interactive = Date.now() - began;
    await idle(page);
    console.log(`warm reload: interactive after ${interactive} ms, run open after ${Date.now() - began} ms`);
  }
  // The largest renderer is the page's process, its worker's WebAssembly memory included.
  const memory = () => Math.max(...execFileSync('ps', ['-eo', 'rss,args'], { encoding: 'utf8' }).split('\n')
    .filter((line) => line.includes('--type=renderer')).map((line) => parseInt(line, 10) / 1024));
  await id(page, 'train').click();
  for (const at of [200, iterations]) {
    await until(`${at} iterations`, async () => (await iteration(page)) >= Math.min(at, iterations) || /Finished/.test(await id(page, 'status').textContent()), 3000);
    console.log(`after ${await iteration(page)} iterations: ${memory().toFixed(0)} MB resident`);
  }
  await id(page, 'pause').click().catch(() => {});
  await idle(page);
  console.log(`CPU worker: ${(1e3 * (await metric(page, 'seconds_per_iteration'))).toFixed(1)} ms an iteration, total variation ${await metric(page, 'mode_total_variation')}`);
  await context.close();
}

site.close();
