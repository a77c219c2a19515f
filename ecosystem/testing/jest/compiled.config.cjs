// Without the flag: what is an ES module is compiled to CommonJS.
module.exports = {
  testMatch: ["**/required.spec.cjs"],
  transform: { "\\.js$": "<rootDir>/to-commonjs.cjs" },
  transformIgnorePatterns: ["/node_modules/(?!counterfoil/)"],
};
