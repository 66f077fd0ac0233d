/** What pages write in from the start; other alphabets come when a text needs them. */
const families = [
  '"Inter Variable"',
  '"JetBrains Mono Variable"',
  '"Source Serif 4 Variable"',
  'italic "Source Serif 4 Variable"',
]
/** ms: slower letters are not waited for. */
const PATIENCE = 1000

/** The letters are there: a page drawn before them would move when they come, and be laid out twice. */
export const fonts: Promise<unknown> = Promise.race([
  Promise.allSettled(families.map((family) => document.fonts.load(family.replace('"', '16px "')))),
  new Promise((done) => setTimeout(done, PATIENCE)),
])
