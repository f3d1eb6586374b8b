import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const COMPRESSIBLE = /\.(?:js|css|svg)$/

/** The server sends files as they lie there, so the work of compressing is done here, once and thoroughly. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle({ dir }) {
      const folder = join(dir!, 'assets')
      for (const file of readdirSync(folder).filter((name) => COMPRESSIBLE.test(name))) {
        const content = readFileSync(join(folder, file))
        const size = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
        writeFileSync(join(folder, `${file}.br`), brotliCompressSync(content, { params: size }))
        writeFileSync(join(folder, `${file}.gz`), gzipSync(content, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  root: import.meta.dirname,
  // The page may lie below a path of somebody's proxy, so everything it asks for is relative to itself.
  base: './',
  build: {
    target: 'es2023',
    emptyOutDir: true,
    // Data in URLs would need an exception in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The licences of what the pages are made of go where the pages go.
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      onwarn(warning, tell) {
        // "use client" means something to servers that render React, of which there is none here.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') tell(warning)
      },
    },
  },
  plugins: [compressed()],
  // For work on the pages: npm --prefix dashboard run dev, with a server on its usual port.
  server: { host: '127.0.0.1', proxy: { '/v1': 'http://127.0.0.1:3000' } },
})
