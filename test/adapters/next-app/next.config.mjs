export default {
  serverExternalPackages: ["counterfoil"],
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
};
