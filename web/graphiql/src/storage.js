const HISTORY = /:(queries|favorites)$/;

function mapItems(stored, change) {
  try {
    const [[name, items]] = Object.entries(JSON.parse(stored));
    return JSON.stringify({ [name]: items.map(change) });
  } catch {
    return stored;
  }
}

/**
 * The browser's storage without keys in it: GraphiQL's history would keep every Authorization header that was sent.
 * Headers are left out on the way in; on the way out the prefilled ones, if any, take their place.
 */
export function createStorage(backing, headers) {
  return {
    get length() {
      return backing.length;
    },
    clear: () => backing.clear(),
    removeItem: (key) => backing.removeItem(key),
    setItem(key, value) {
      const bare = ({ headers: _, ...item }) => item;
      backing.setItem(key, HISTORY.test(key) ? mapItems(value, bare) : value);
    },
    getItem(key) {
      const stored = backing.getItem(key);
      return stored && HISTORY.test(key) ? mapItems(stored, (item) => ({ ...item, headers })) : stored;
    },
  };
}
