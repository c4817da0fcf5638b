// How the page is served while it is worked on, built and tested.
import react from "@vitejs/plugin-react";
import { defineConfig, type PluginOption } from "vite";
import { configDefaults } from "vitest/config";

/** What the built page may load: itself, and answers of a broker, wherever that is. Vite's own server needs more. */
const POLICY =
  "default-src 'self'; connect-src 'self' http: https:; img-src 'self' data:; base-uri 'none'; form-action 'none'";

/** Writes the policy into the page that is built. */
function policy(): PluginOption {
  return {
    name: "content-security-policy",
    apply: "build",
    transformIndexHtml: () => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: POLICY },
        injectTo: "head-prepend",
      },
    ],
  };
}

export default defineConfig({
  plugins: [react(), policy()],
  server: { host: "127.0.0.1", port: 5173, strictPort: true },
  preview: { host: "127.0.0.1", port: 4173, strictPort: true },
  build: { rollupOptions: { input: ["index.html", "lab.html"] } },
  test: { environment: "jsdom", exclude: [...configDefaults.exclude, "e2e/**"] },
} as Parameters<typeof defineConfig>[0]);
