// Builds the page into dist/: assets/ with hashed names (each with a .gz beside it) and manifest.json, which names the entries.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { build } from "esbuild";

const ROOT = import.meta.dirname;
const DIST = join(ROOT, "dist");
const ASSETS = join(DIST, "assets");
const COMPRESSED = /\.(js|css|svg|ttf)$/;

const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
};

// The fonts come inlined, in every script there is; as files a browser fetches only those it needs.
const fontsAsFiles = {
  name: "fonts-as-files",
  setup({ onLoad }) {
    onLoad({ filter: /graphiql[\\/]dist[\\/]style\.css$/ }, async ({ path }) => {
      const writes = [];
      const css = (await readFile(path, "utf8")).replace(
        /url\("?data:font\/(\w+);base64,([^)"]+)"?\)/g,
        (_, type, base64) => {
          const bytes = Buffer.from(base64, "base64");
          const name = `font-${createHash("sha256").update(bytes).digest("hex").slice(0, 8)}.${type}`;
          writes.push(writeFile(join(ASSETS, name), bytes));
          return `url("./${name}")`;
        },
      );
      await Promise.all(writes);
      return { contents: css, loader: "css" };
    });
  },
};

// Monaco imports its styles file by file, and GraphiQL's style sheet holds all of them already.
const monacoStyles = {
  name: "monaco-styles",
  setup({ onLoad }) {
    onLoad({ filter: /monaco-editor[\\/].*\.css$/ }, () => ({ contents: "", loader: "empty" }));
  },
};

const options = {
  absWorkingDir: ROOT,
  bundle: true,
  define: { "process.env.NODE_ENV": '"production"' },
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  external: ["./font-*"],
  format: "esm",
  jsx: "automatic",
  legalComments: "external",
  loader: { ".graphql": "text", ".variables.json": "text", ".svg": "file" },
  logLevel: "warning",
  metafile: true,
  minify: true,
  outdir: ASSETS,
  plugins: [monacoStyles, fontsAsFiles],
  splitting: true,
  target: "es2022",
};

/** The file that was built from an entry. */
function outputOf({ metafile }, entry) {
  const [path] = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint?.endsWith(entry));
  return path;
}

/** A built file and all that it imports, without what it imports later. */
function needed({ metafile }, path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const { path: next, kind } of metafile.outputs[path].imports) {
    if (kind === "import-statement") needed({ metafile }, next, found);
  }
  return found;
}

async function compress(name) {
  if (!COMPRESSED.test(name)) return;
  const bytes = await readFile(join(ASSETS, name));
  await writeFile(join(ASSETS, `${name}.gz`), await promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }));
}

await rm(join(DIST, "manifest.json"), { force: true });
await rm(ASSETS, { recursive: true, force: true });
await mkdir(ASSETS, { recursive: true });

const workers = await build({ ...options, entryPoints: Object.values(WORKERS) });
const names = Object.fromEntries(
  Object.entries(WORKERS).map(([label, entry]) => [label, `./${basename(outputOf(workers, entry))}`]),
);
const page = await build({
  ...options,
  define: { ...options.define, WORKERS: JSON.stringify(names) },
  entryPoints: ["src/main.jsx", "src/icon.svg"],
});
await Promise.all((await readdir(ASSETS)).map(compress));

const script = outputOf(page, "src/main.jsx");
const editor = outputOf(page, "monaco-graphql/esm/monaco-editor.js");
const manifest = {
  script: basename(script),
  style: basename(page.metafile.outputs[script].cssBundle),
  icon: (await readdir(ASSETS)).find((name) => /^icon-\w+\.svg$/.test(name)),
  // What the first screen needs, so that a browser fetches it at once rather than layer by layer.
  preload: [...needed(page, editor, needed(page, script))].filter((path) => path !== script).map((path) => basename(path)),
};
// Last, so that a build that broke off is not taken for a whole one.
await writeFile(join(DIST, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
