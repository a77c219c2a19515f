/** The functions that supertokens-react-native calls, over one map per phone. */
const kept = new Map();

module.exports = {
  getItem: async (key) => kept.get(key) ?? null,
  setItem: async (key, value) => void kept.set(key, value),
  removeItem: async (key) => void kept.delete(key),
};
