// Bundles once per client version, because the published packages use extensionless imports: the
// runner of one client (client-N.mjs) and the client by itself (library-N.mjs); and one for a browser (page-20.js).
import { build } from 'esbuild';

const versions = { 20: '@pexip/infinity', 19: '@pexip/infinity-19', 17: '@pexip/infinity-17' };
const bundles = { client: 'src/run.mjs', library: 'src/library.mjs' };
for (const [major, name] of Object.entries(versions)) {
  for (const [bundle, entry] of Object.entries(bundles)) {
    await build({
      entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', logLevel: 'error',
      outfile: `dist/${bundle}-${major}.mjs`, alias: { 'infinity-client': name },
      banner: { js: "import { createRequire } from 'module'; const require = createRequire(import.meta.url);" },
    });
  }
}

await build({
  entryPoints: ['src/page.mjs'], bundle: true, platform: 'browser', format: 'esm', logLevel: 'error', outfile: 'dist/page-20.js',
  alias: { 'infinity-client': versions[20] },
});
