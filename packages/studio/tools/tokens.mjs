// Writes src/look/tokens.css from the one source of colours, heed/look. A test holds the two against each other.
import { writeFile } from 'node:fs/promises'
import { tokensCss } from 'heed/look'

await writeFile(new URL('../src/look/tokens.css', import.meta.url), tokensCss())
