export default {
  serverExternalPackages: ["counterfoil"],
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  // As Next.js 16.1 does by itself: with this, nothing of Next stands before an action that is
  // posted without a referrer.
  experimental: { serverActions: { allowedOrigins: ["null"] } },
};
