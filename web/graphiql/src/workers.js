/* global WORKERS */

/** Where Monaco finds its language workers: files of our own origin, named by the build. */
const names = WORKERS;

globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const name = names[label] ?? names.editor;
    return new Worker(new URL(name, import.meta.url), { name: label, type: "module" });
  },
};
