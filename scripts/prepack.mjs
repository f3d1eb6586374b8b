// The checkout holds sources that Node.js reads nowhere but here, and tools of development: what others install is made
// of it by another command.
console.error('discue: npm run package makes the package, and puts it into build/')
process.exit(1)
