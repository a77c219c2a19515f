// The specs are JavaScript as it runs, so nothing is compiled.
module.exports = { testMatch: ["**/*.spec.?js"], transform: {} };
